import Codec
import Merge

/// Keys of facts as people spell them: `Shoe size`, `shoe_size` and `SHOE-SIZE` are one.
public enum FactKey {
  /// The key as new facts have it: folded words with `_` between them; empty where there is no word.
  public static func normal(_ text: String) -> String {
    TextFolding.words(text).joined(separator: "_")
  }

  /// The register that a key means on an entity: one that is there in any spelling, else the key's own.
  static func register(_ key: String, of state: EntityState?) -> ExactString {
    let exact = ExactString(Vocabulary.factPrefix + key)
    if state?.registers[exact] != nil { return exact }
    let normal = normal(key)
    let wanted = ExactString(Vocabulary.factPrefix + normal)
    guard let state, state.registers[wanted] == nil else { return wanted }
    let same = state.registers.keys.filter { name in
      name.text.hasPrefix(Vocabulary.factPrefix)
        && Self.normal(String(name.text.dropFirst(Vocabulary.factPrefix.count))) == normal
    }
    return same.min() ?? wanted
  }

  /// The field of a customer's profile that a key means, where lists, searches and gateways look for it; nil for a key of a fact.
  public static func profileField(_ key: String) -> ExactString? {
    switch profile(normal(key)) {
    case .field(let name), .set(let name): name
    case .address: "address.street"
    case nil: nil
    }
  }

  /// Where a customer's profile answers a question, so that it is not asked as a fact.
  enum Profile: Equatable {
    case field(ExactString)
    case set(ExactString)
    /// Several fields together.
    case address

    /// Whether it says how the customer is reached.
    var reaches: Bool {
      switch self {
      case .set, .address: true
      case .field(let name): name == Vocabulary.preferredChannel || name.text.hasPrefix("address.")
      }
    }
  }

  /// The part of the profile that a normal key means; nil for none.
  static func profile(_ key: String) -> Profile? {
    switch key {
    case "name", "full_name": .field("name")
    case "language": .field("language")
    case "phone", "phone_number", "telephone", "mobile": .set("phones")
    case "email", "e_mail", "email_address", "mail": .set("emails")
    case "handle", "username", "user_name": .set("handles")
    case "address": .address
    case "street", "postcode", "city", "country": .field(ExactString("address." + key))
    case "zip", "zip_code", "postal_code": .field("address.postcode")
    case "channel", "preferred_channel": .field(Vocabulary.preferredChannel)
    default: nil
    }
  }
}
