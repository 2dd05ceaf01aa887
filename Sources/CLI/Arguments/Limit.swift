/// How many rows a list shows.
struct Limit {
  static let option = Option.value(
    "limit", short: "n", "N", "show at most N (default: 50; with --json all)")

  private let given: Int?

  init(_ typed: TypedArguments) throws(Failure) {
    given = try typed.number(Self.option, in: 1...1_000_000_000)
  }

  func count(isJSON: Bool) -> Int { given ?? (isJSON ? .max : 50) }

  /// Says what was not shown.
  func tellRest(_ shown: Int, of total: Int, _ word: String, _ context: Context) {
    if total == 0 {
      context.note("no \(word) here")
    } else if shown < total {
      context.output.line(
        context.output.styled(
          "\(Words.grouped(shown)) of \(Words.count(total, word)); --limit shows more", .dim))
    }
  }
}
