import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The customers that a text may mean, best first: an id, a `ref`, an e-mail address, a phone number in national or
  /// international form, a handle, or words of the name, without regard to case and accents.
  ///
  /// National phone numbers are those of the customer's country, where the address tells, or of the workspace's, `country()`.
  /// Where nobody has the number so, one that ends alike will do. Profiles that were merged are found once, under the
  /// one that the text is of.
  ///
  /// Where nobody has all words of a name, those with the most of them are found. Cost: a few pages, and a fold for
  /// each candidate; for names a row each.
  public func findCustomers(_ text: String, limit: Int = 20) throws(StorageError) -> [CustomerMatch] {
    try reading { () throws(StorageError) in
      var found: [EntityID: Found] = [:]
      for id in try named(text, type: Vocabulary.customer) {
        let isRef = try store.state(of: id)?.text("ref") == text
        found[id] = Found(reason: isRef ? .ref : .id, matched: text)
      }
      for (id, match) in try byContact(text) where found[id].map({ match < $0 }) ?? true { found[id] = match }
      for (id, match) in try byName(text) where found[id] == nil { found[id] = match }
      var matches: [(Found, CustomerRow)] = []
      // Of profiles that are one, the place of the one that is listed.
      var places: [EntityID: Int] = [:]
      // In the order in which the rows lie.
      for (id, match) in found.sorted(by: { $0.key < $1.key }) {
        guard let values = try tables.values(of: id) else { continue }
        var row = CustomerRow(id, values)
        guard !row.isErased else { continue }
        if row.isMerged, let all = try store.together(id), all.members.count > 1 {
          // The profile that was asked for stays the one that is named: what is added goes to it.
          row = CustomerRow(id, CustomerRow.values(of: all.state))
          if let place = places[all.members[0]] {
            if match < matches[place].0 { matches[place] = (match, row) }
            continue
          }
          places[all.members[0]] = matches.count
        }
        matches.append((match, row))
      }
      matches.sort { left, right in
        if left.0 != right.0 { return left.0 < right.0 }
        return left.1.updated == right.1.updated ? left.1.id < right.1.id : left.1.updated > right.1.updated
      }
      return matches.prefix(max(limit, 0)).map {
        CustomerMatch(customer: $1, reason: $0.reason, matched: $0.matched.isEmpty ? $1.name : $0.matched)
      }
    }
  }

  /// Why a customer was found; less for a better reason.
  private struct Found: Equatable, Comparable {
    let reason: CustomerMatch.Reason
    let matched: String
    /// Words of the name that were not asked for.
    var surplus = 0

    static func < (left: Found, right: Found) -> Bool {
      (left.reason, left.surplus) < (right.reason, right.surplus)
    }

    static func == (left: Found, right: Found) -> Bool {
      (left.reason, left.surplus) == (right.reason, right.surplus)
    }
  }

  private func byContact(_ text: String) throws(StorageError) -> [EntityID: Found] {
    let country = try country()
    let number = PhoneNumber(text, country: country)
    var terms = [Term.email(text), .handle(text)]
    if let number { terms.append(.phone(digits: number.digits)) }
    let lists = try tables.entities(terms)
    let email = TextFolding.fold(text)
    let handle = email.hasPrefix("@") ? String(email.dropFirst()) : email
    var found: [EntityID: Found] = [:]
    var alike: [EntityID: Found] = [:]
    for id in Set(lists.joined()).sorted() where id.type == Vocabulary.customer {
      guard let state = try store.state(of: id) else { continue }
      if let match = state.elements("emails").first(where: { TextFolding.fold($0) == email }) {
        found[id] = Found(reason: .email, matched: match)
        continue
      }
      if let number {
        let home = state.text("address.country").flatMap { $0.count == 2 ? $0 : nil }
        for phone in state.elements("phones") {
          if number.isSame(as: phone, in: [home, country]) {
            found[id] = Found(reason: .phone, matched: phone)
          } else if PhoneNumber(phone).map({ PhoneDigits.canBeSame($0.digits, number.digits) }) ?? false {
            alike[id] = Found(reason: .phone, matched: phone)
          }
        }
        if found[id] != nil { continue }
      }
      if let match = state.elements("handles").first(where: {
        let folded = TextFolding.fold($0)
        return folded == handle || folded == "@" + handle
      }) {
        found[id] = Found(reason: .handle, matched: match)
      }
    }
    return found.contains { $0.value.reason == .phone } ? found : found.merging(alike) { exact, _ in exact }
  }

  private func byName(_ text: String) throws(StorageError) -> [EntityID: Found] {
    let words = Set(TextFolding.words(text))
    guard !words.isEmpty else { return [:] }
    var counts: [EntityID: Int] = [:]
    for list in try tables.entities(words.map { .name(word: $0) }) {
      for id in list where id.type == Vocabulary.customer { counts[id, default: 0] += 1 }
    }
    // What was once a name may not be it any more, so fewer words may have to do than the terms say.
    var level = counts.values.max() ?? 0
    while level > 0 {
      var found: [EntityID: Found] = [:]
      for (id, _) in counts.filter({ $0.value >= level }).sorted(by: { $0.key < $1.key }) {
        for name in try names(of: id) {
          let has = Set(TextFolding.words(name))
          guard has.intersection(words).count >= level else { continue }
          let match = Found(reason: .name, matched: name, surplus: has.count - level)
          if found[id].map({ match < $0 }) ?? true { found[id] = match }
        }
      }
      if !found.isEmpty { return found }
      level -= 1
    }
    return [:]
  }

  /// A customer's name, or all its names where people disagree. Cost: a row, or a fold.
  private func names(of id: EntityID) throws(StorageError) -> [String] {
    guard let row = try tables.values(of: id).map({ CustomerRow(id, $0) }) else { return [] }
    guard row.conflicts > 0 else { return [row.name] }
    return try store.state(of: id)?.registers["name"]?.heads.map(\.value.plain) ?? []
  }
}
