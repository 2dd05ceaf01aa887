/// Walks a command line and sorts it into options, their values and operands.
///
/// `--name value`, `--name=value`, `-n value`, `-nvalue`, flags together as in `-ab`; `--` ends the options; `-`
/// and numbers such as `-1` are operands. A value may start with a dash unless it is just another option of
/// the command, because then a value was forgotten.
struct ArgumentReader {
  private let options: [Option]
  private var rest: ArraySlice<String>
  private var isPastOptions = false

  init(_ arguments: [String], options: [Option]) {
    self.options = options
    rest = arguments[...]
  }

  enum Token: Equatable {
    case operand(String)
    case option(Option, value: String?)
  }

  /// What was not read yet.
  var remaining: [String] { Array(rest) }

  /// Reads everything.
  static func read(
    _ arguments: [String], options: [Option], operands: [Operand]
  ) throws(Failure) -> TypedArguments {
    var reader = ArgumentReader(arguments, options: options)
    var typed = TypedArguments()
    while let tokens = try reader.next() {
      for token in tokens {
        switch token {
        case .operand(let operand): typed.take(operand: operand)
        case .option(let option, let value): try typed.take(option, value)
        }
      }
    }
    // Who asks for help need not know the operands.
    if !typed.has(Common.help) { try typed.check(operands) }
    return typed
  }

  /// The next argument's tokens, several for flags that stand together; nil at the end.
  mutating func next() throws(Failure) -> [Token]? {
    guard let argument = rest.popFirst() else { return nil }
    if isPastOptions { return [.operand(argument)] }
    if argument == "--" {
      isPastOptions = true
      return []
    }
    if argument.hasPrefix("--") { return [try long(argument.dropFirst(2))] }
    if argument.hasPrefix("-"), argument.count > 1, !Self.isNumber(argument) {
      return try short(argument.dropFirst())
    }
    return [.operand(argument)]
  }

  private static func isNumber(_ argument: String) -> Bool {
    argument.dropFirst().first?.isNumber == true && Double(argument) != nil
  }

  private mutating func long(_ text: Substring) throws(Failure) -> Token {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = options.first(where: { $0.name == name }) else { throw unknown("--\(name)") }
    if option.kind == .flag {
      guard parts.count == 1 else { throw .usage("--\(name) takes no value") }
      return .option(option, value: nil)
    }
    return .option(option, value: parts.count == 2 ? String(parts[1]) : try value(of: option, "--\(name)"))
  }

  private mutating func short(_ text: Substring) throws(Failure) -> [Token] {
    var tokens: [Token] = []
    var letters = text
    while let letter = letters.popFirst() {
      guard let option = options.first(where: { $0.short == letter }) else { throw unknown("-\(letter)") }
      if option.kind == .flag {
        tokens.append(.option(option, value: nil))
        continue
      }
      let value = letters.isEmpty ? try value(of: option, "-\(letter)") : String(letters)
      tokens.append(.option(option, value: value))
      break
    }
    return tokens
  }

  private mutating func value(of option: Option, _ spelling: String) throws(Failure) -> String {
    guard let next = rest.first else { throw .usage("\(spelling) needs a value: \(option.placeholder)") }
    let isOption =
      options.contains { "--\($0.name)" == next || $0.short.map { "-\($0)" } == next } || next == "--"
    if isOption {
      throw .usage("\(spelling) needs a value; if '\(next)' is the value, write --\(option.name)=\(next)")
    }
    rest.removeFirst()
    return next
  }

  private func unknown(_ spelling: String) -> Failure {
    let names = options.map { "--\($0.name)" }
    let near = Suggestion.nearest(to: spelling, among: names).map { "; did you mean \($0)?" }
    let hint = "; if it is no option, put -- before it"
    return .usage("unknown option \(spelling)\(near ?? hint)")
  }
}
