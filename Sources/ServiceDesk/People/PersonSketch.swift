import Codec
import Merge

/// What tells one person from another, folded so that it can be compared: made of a profile, or of what somebody has typed
/// of one so far.
public struct PersonSketch: Hashable, Sendable {
  /// A word of a name with its characters.
  struct Word: Hashable, Sendable {
    let text: String
    let characters: [UInt32]

    init(_ text: String) {
      self.text = text
      characters = TextLikeness.characters(text)
    }
  }

  /// A place as it is compared: words joined, so that it does not matter where they are parted.
  struct Place: Hashable, Sendable {
    let characters: [UInt32]
    /// The same with its words sorted; for several words only.
    let sorted: [UInt32]

    init?(_ words: [String]) {
      guard !words.isEmpty else { return nil }
      characters = TextLikeness.characters(words.joined())
      sorted = words.count > 1 ? TextLikeness.characters(words.sorted().joined()) : []
    }
  }

  /// The words of the name, for each value of it that people gave.
  var names: [[Word]] = []
  /// Days of birth as `19871231`.
  var births: [[UInt32]] = []
  var phones: [PhoneNumber] = []
  var emails: Set<String> = []
  var handles: Set<String> = []
  var street: Place?
  var house: [UInt32] = []
  /// What stands between the street and the place: a flat, a farm, a building.
  var line2: Place?
  var city: Place?
  var postcode: [UInt32] = []
  var region: String = ""
  /// By what a profile with such features is looked for.
  var keys: Set<Term> = []

  /// An empty sketch.
  public init() {}

  /// The sketch of a profile.
  ///
  /// - Parameter country: whose national phone numbers the workspace writes; two letters.
  public init(_ state: EntityState, country: String?) {
    let home = state.text("address.country").flatMap { $0.count == 2 ? $0 : nil } ?? country
    for head in state.registers["name"]?.heads ?? [] { add(name: head.value.plain) }
    for field in Vocabulary.birthDates {
      for head in state.registers[field]?.heads ?? [] {
        add(birth: (head.value["value"] ?? head.value).plain)
      }
    }
    for phone in state.elements("phones") { add(phone: phone, country: home) }
    for email in state.elements("emails") { add(email: email) }
    for handle in state.elements("handles") { add(handle: handle) }
    for part in state.registers.keys where part.text.hasPrefix(Vocabulary.addressPrefix) {
      if let text = state.text(part) {
        add(addressPart: String(part.text.dropFirst(Vocabulary.addressPrefix.count)), text)
      }
    }
  }

  /// The sketch of a profile that is about to be made.
  public init(_ draft: Draft, country: String?) {
    let home = draft.set["address.country"]?.string.flatMap { $0.count == 2 ? $0 : nil } ?? country
    for (field, value) in draft.set {
      if field == "name" { add(name: value.plain) }
      if Vocabulary.birthDates.contains(field) { add(birth: (value["value"] ?? value).plain) }
      if field.text.hasPrefix(Vocabulary.addressPrefix) {
        add(addressPart: String(field.text.dropFirst(Vocabulary.addressPrefix.count)), value.plain)
      }
    }
    for phone in draft.add["phones"] ?? [] { add(phone: phone.text, country: home) }
    for email in draft.add["emails"] ?? [] { add(email: email.text) }
    for handle in draft.add["handles"] ?? [] { add(handle: handle.text) }
  }

  /// Adds a name.
  public mutating func add(name: String) {
    let words = TextFolding.words(name).prefix(8).map { Word($0) }
    guard !words.isEmpty, !names.contains(words) else { return }
    names.append(words)
    keys.formUnion(BlockingKeys.name(words.map(\.text)))
  }

  /// Adds a day of birth, in any usual order of day, month and year.
  public mutating func add(birth: String) {
    guard let digits = BirthDate.digits(birth) else { return }
    let characters = TextLikeness.characters(digits)
    if !births.contains(characters) { births.append(characters) }
    keys.insert(BlockingKeys.birth(digits))
  }

  /// Adds a phone number.
  public mutating func add(phone: String, country: String?) {
    guard let number = PhoneNumber(phone, country: country) else { return }
    phones.append(number)
    keys.insert(.phone(digits: number.digits))
  }

  /// Adds an e-mail address.
  public mutating func add(email: String) {
    emails.insert(TextFolding.fold(email))
    keys.insert(.email(email))
  }

  /// Adds a handle.
  public mutating func add(handle: String) {
    let folded = TextFolding.fold(handle)
    handles.insert(folded.hasPrefix("@") ? String(folded.dropFirst()) : folded)
    keys.insert(.handle(handle))
  }

  /// Adds a part of the address: `street`, `line2`, `postcode`, `city`, `region` or `state`; others are not compared.
  public mutating func add(addressPart part: String, _ text: String) {
    let words = TextFolding.words(text)
    switch part {
    case "street":
      let (name, house) = Self.street(words)
      street = Place(name)
      self.house = TextLikeness.characters(house)
      keys.formUnion(BlockingKeys.street(name, house: house))
    case "line2":
      line2 = Place(words)
      keys.formUnion(BlockingKeys.line2(words))
    case "city": city = Place(words)
    case "postcode": postcode = TextLikeness.characters(words.joined())
    case "region", "state": region = words.joined()
    default: break
    }
  }

  /// The words of a street's name, and the number of the house in front of it or behind.
  static func street(_ words: [String]) -> (name: [String], house: String) {
    let isNumber = { (word: String) in
      word.utf8.first.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }
    return (words.filter { !isNumber($0) }, words.first(where: isNumber) ?? "")
  }
}

/// Days of birth as people write them.
enum BirthDate {
  /// Year, month and day as eight digits; nil for anything that is no such day. Of `03.04.1987` and `3/4/1987` the day is taken to
  /// stand first; two days with day and month changed over count as alike anyway.
  static func digits(_ text: String) -> String? {
    let parts = text.split { !$0.isNumber }.map(String.init)
    guard parts.allSatisfy({ $0.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } }) else {
      return nil
    }
    switch parts.map(\.utf8.count) {
    case [8]: return parts[0]
    case let counts where counts.count >= 3 && counts[0] == 4 && counts[1] <= 2 && counts[2] <= 2:
      return parts[0] + pad(parts[1]) + pad(parts[2])
    case let counts where counts.count == 3 && counts[2] == 4 && counts[0] <= 2 && counts[1] <= 2:
      return parts[2] + pad(parts[1]) + pad(parts[0])
    default: return nil
    }
  }

  private static func pad(_ part: String) -> String { part.utf8.count == 1 ? "0" + part : part }
}
