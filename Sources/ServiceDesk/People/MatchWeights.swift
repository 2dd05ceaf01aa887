import Glibc

/// How much speaks for two profiles being of one person, in bits.
///
/// Each feature adds log2(m / u), m being how often it is so in two profiles of one person and u how often in two of different
/// people: I. P. Fellegi and A. B. Sunter, *A Theory for Record Linkage* (1969). The figures are rounded from what holds for
/// address books anywhere, a given name or surname being shared by one in 130 people, a day of birth by one in 10,000, a
/// street's name or a postcode by one in 100, and one entry in ten having a mistake; they were not fitted to any data set.
///
/// Where people live together, the parts of the address and the phone agree all at once, so what these say together
/// is bounded: a family of one surname in one house is no duplicate.
struct MatchWeights: Sendable {
  /// A feature that agrees, and how much it says.
  enum Feature: String, Sendable {
    case name, birth, phone, email, handle, address
  }

  private(set) var total = 0.0
  /// The features that speak for it, with their bits.
  private(set) var agreeing: [(feature: Feature, bits: Double)] = []
  /// Whether they have a phone number or an e-mail address in common, whatever speaks against it: worth a look, for somebody
  /// typed just that.
  private(set) var sharesContact = false

  /// Above this two profiles are likely of one person: odds of 100 to 1, the odds before looking being 1 to the number of
  /// profiles. Never less than what a surname and an address together say.
  static func threshold(profiles: Int) -> Double {
    max(20, log2(Double(max(profiles, 1))) + log2(100))
  }

  /// Above this they are worth a look.
  static let worthALook = 11.0
  private static let maximumHousehold = 16.0

  init(_ left: PersonSketch, _ right: PersonSketch) {
    add(.name, Self.names(left.names, right.names))
    add(.birth, Self.best(left.births, right.births, Self.birth))
    if !left.emails.isDisjoint(with: right.emails) { add(.email, 16) }
    if !left.handles.isDisjoint(with: right.handles) { add(.handle, 13) }
    let phone =
      left.phones.contains { number in right.phones.contains { number.canBeSame(as: $0) } } ? 10.0 : 0
    let address = min(Self.address(left, right), Self.maximumHousehold)
    add(.phone, min(phone, Self.maximumHousehold - max(0, address)))
    add(.address, address)
    sharesContact = phone > 0 || !left.emails.isDisjoint(with: right.emails)
  }

  private mutating func add(_ feature: Feature, _ bits: Double) {
    total += bits
    if bits > 0 { agreeing.append((feature, bits)) }
  }

  // MARK: Names

  private static func names(_ left: [[PersonSketch.Word]], _ right: [[PersonSketch.Word]]) -> Double {
    best(left, right, name)
  }

  /// Words are paired, the most alike first, wherever they stand: given name and surname are changed over often.
  private static func name(_ left: [PersonSketch.Word], _ right: [PersonSketch.Word]) -> Double {
    // `El i` and `Eli` are one.
    if left.count != right.count, left.flatMap(\.characters) == right.flatMap(\.characters) {
      return 7 * Double(min(left.count, right.count))
    }
    var pairs: [(likeness: Double, left: Int, right: Int)] = []
    for (i, word) in left.enumerated() {
      for (j, other) in right.enumerated() {
        pairs.append((TextLikeness.jaroWinkler(word.characters, other.characters), i, j))
      }
    }
    pairs.sort { ($1.likeness, $0.left, $0.right) < ($0.likeness, $1.left, $1.right) }
    var (leftUsed, rightUsed) = (Set<Int>(), Set<Int>())
    var bits = 0.0
    for pair in pairs where !leftUsed.contains(pair.left) && !rightUsed.contains(pair.right) {
      leftUsed.insert(pair.left)
      rightUsed.insert(pair.right)
      bits += word(left[pair.left], right[pair.right], pair.likeness)
    }
    return bits - 0.5 * Double(abs(left.count - right.count))
  }

  private static func word(_ left: PersonSketch.Word, _ right: PersonSketch.Word, _ likeness: Double)
    -> Double
  {
    let isInitial = left.characters.count == 1 || right.characters.count == 1
    if isInitial { return left.characters.first == right.characters.first ? 2 : -4 }
    switch likeness {
    case 1: return 7
    case 0.92...: return 5
    case 0.85...: return 3
    case 0.75...: return 0
    default: return -4
    }
  }

  // MARK: Birth and place

  private static func birth(_ left: [UInt32], _ right: [UInt32]) -> Double {
    if left == right { return 13 }
    let isChangedOver = left[..<4] == right[..<4] && left[4..<6] == right[6...] && left[6...] == right[4..<6]
    let distance = TextLikeness.distance(left, right, limit: 2)
    return distance == 1 || isChangedOver ? 8 : distance == 2 ? 2 : -5
  }

  private static func address(_ left: PersonSketch, _ right: PersonSketch) -> Double {
    var bits = place(left.street, right.street, 7, -3) + place(left.line2, right.line2, 6, -1)
    bits += place(left.city, right.city, 6, -2)
    bits += number(left.house, right.house, same: 5, near: 2, other: -2, minimum: 2)
    bits += number(left.postcode, right.postcode, same: 6, near: 3, other: -2, minimum: 1)
    if !left.region.isEmpty, !right.region.isEmpty { bits += left.region == right.region ? 1 : -1 }
    return max(bits, -6)
  }

  private static func place(
    _ left: PersonSketch.Place?, _ right: PersonSketch.Place?, _ same: Double, _ other: Double
  ) -> Double {
    guard let left, let right else { return 0 }
    var likeness = TextLikeness.jaroWinkler(left.characters, right.characters)
    if !left.sorted.isEmpty, !right.sorted.isEmpty {
      likeness = max(likeness, TextLikeness.jaroWinkler(left.sorted, right.sorted))
    }
    switch likeness {
    case 1: return same
    case 0.92...: return same - 1.5
    case 0.85...: return same / 2
    default: return other
    }
  }

  private static func number(
    _ left: [UInt32], _ right: [UInt32], same: Double, near: Double, other: Double, minimum: Int
  ) -> Double {
    guard !left.isEmpty, !right.isEmpty else { return 0 }
    if left == right { return same }
    let isNear =
      max(left.count, right.count) >= minimum && TextLikeness.distance(left, right, limit: 1) == 1
    return isNear ? near : other
  }

  /// The greatest of what each two values say; 0 where a side has none.
  private static func best<Value>(_ left: [Value], _ right: [Value], _ compare: (Value, Value) -> Double)
    -> Double
  {
    var best: Double?
    for value in left {
      for other in right { best = max(best ?? -.infinity, compare(value, other)) }
    }
    return best ?? 0
  }
}
