/// How many rows a list shows.
struct Limit {
  static let option = Option.value(
    "limit", short: "n", "N", "show at most N (default: 50; with --json all)")

  /// For a list that holds the best of what was looked at, and never more than so many.
  static func option(most: Int) -> Option {
    let others = most > standard ? "; with --json \(most)" : ""
    return .value(
      "limit", short: "n", "N", "show at most N, \(most) at most (default: \(standard)\(others))")
  }

  private static let standard = 50

  private let given: Int?
  private let most: Int

  /// - Parameter most: as in the option.
  init(_ typed: TypedArguments, most: Int? = nil) throws(Failure) {
    given = try typed.number(Self.option, in: 1...(most ?? 1_000_000_000))
    self.most = most ?? .max
  }

  func count(isJSON: Bool) -> Int { given ?? (isJSON ? most : Self.standard) }

  /// What a list shows of what is found, and whether there is more of it.
  ///
  /// - Parameter find: finds so many at most.
  func cut<Row>(isJSON: Bool, _ find: (Int) throws -> [Row]) rethrows -> (shown: [Row], isCut: Bool) {
    let count = count(isJSON: isJSON)
    let found = try find(count < most ? count + 1 : count)
    return (Array(found.prefix(count)), found.count > count)
  }

  /// Says that there was more than was shown, where nobody knows how many.
  func tellMore(_ isCut: Bool, _ context: Context) {
    guard isCut else { return }
    context.output.line(
      context.output.styled("the first \(Words.grouped(count(isJSON: false))); --limit shows more", .dim))
  }

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
