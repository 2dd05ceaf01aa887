/// One option of a command, as declared.
package struct Option: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// There or not.
    case flag
    /// Takes a value; given at most once.
    case value
    /// Takes a value; may be given again.
    case list
  }

  /// Without the dashes: `store`.
  package let name: String
  package let short: Character?
  package let kind: Kind
  /// What stands for the value in help: `DIR`; empty for a flag.
  package let placeholder: String
  package let help: String
  /// The values it takes; empty for any.
  package let choices: [String]

  package static func flag(_ name: String, short: Character? = nil, _ help: String) -> Option {
    Option(name: name, short: short, kind: .flag, placeholder: "", help: help, choices: [])
  }

  package static func value(
    _ name: String, short: Character? = nil, _ placeholder: String, _ help: String, choices: [String] = []
  ) -> Option {
    Option(name: name, short: short, kind: .value, placeholder: placeholder, help: help, choices: choices)
  }

  package static func list(
    _ name: String, short: Character? = nil, _ placeholder: String, _ help: String, choices: [String] = []
  ) -> Option {
    Option(name: name, short: short, kind: .list, placeholder: placeholder, help: help, choices: choices)
  }
}

/// What a command takes beside its options, by place.
package struct Operand: Hashable, Sendable {
  package enum Count: Hashable, Sendable {
    case one
    case optional
    /// At least one; only in the last place.
    case some
    /// Any number; only in the last place.
    case any
  }

  /// As help shows it: `CUSTOMER`.
  package let name: String
  package let count: Count
  package let help: String

  package init(_ name: String, _ count: Count, _ help: String) {
    self.name = name
    self.count = count
    self.help = help
  }

  package init(_ name: String, _ help: String) {
    self.init(name, .one, help)
  }
}
