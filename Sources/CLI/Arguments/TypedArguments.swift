/// The first of two steps from a command line to its meaning: what was typed, checked against what a command
/// declares and nothing else. A command turns it into what is meant, before it touches anything.
///
/// The two steps are ripgrep's low and high arguments.
package struct TypedArguments: Hashable, Sendable {
  private var values: [String: [String]] = [:]
  private(set) var operands: [String] = []

  package init() {}

  package func has(_ option: Option) -> Bool { values[option.name] != nil }

  /// The value of an option that is given at most once.
  package subscript(option: Option) -> String? { values[option.name]?.last }

  /// The values of an option that may be repeated, in order.
  package func list(_ option: Option) -> [String] { values[option.name] ?? [] }

  /// The operand at a place; empty where it is optional and absent.
  package func operand(_ index: Int) -> String { index < operands.count ? operands[index] : "" }

  /// The operand at a place that may be absent.
  package func optional(_ index: Int) -> String? { index < operands.count ? operands[index] : nil }

  /// The operands from a place on.
  package func operands(from index: Int) -> [String] { Array(operands.dropFirst(index)) }

  /// A whole number within bounds.
  ///
  /// - Throws: `Failure` of usage, naming the option.
  package func number(_ option: Option, in range: ClosedRange<Int>) throws(Failure) -> Int? {
    guard let text = self[option] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw .usage(
        "--\(option.name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
      )
    }
    return number
  }

  /// Takes an option's value, or a flag for which there is none.
  mutating func take(_ option: Option, _ value: String?) throws(Failure) {
    if option.kind == .value, let earlier = values[option.name]?.first {
      throw .usage("--\(option.name) is given twice: '\(earlier)' and '\(value ?? "")'")
    }
    if let value, !option.choices.isEmpty, !option.choices.contains(value) {
      throw .word(value, of: "--\(option.name)", option.choices)
    }
    values[option.name, default: []].append(contentsOf: value.map { [$0] } ?? [])
  }

  mutating func take(operand: String) { operands.append(operand) }

  /// Checks the number of operands.
  func check(_ declared: [Operand]) throws(Failure) {
    let required = declared.count { $0.count == .one || $0.count == .some }
    if operands.count < required {
      let missing = declared.filter { $0.count == .one || $0.count == .some }[operands.count]
      throw .usage("\(missing.name) is missing")
    }
    let isOpen = declared.contains { $0.count == .some || $0.count == .any }
    if !isOpen, operands.count > declared.count {
      throw .usage("one argument too many: '\(operands[declared.count])'")
    }
  }
}
