import Codec
import Merge

/// What entities are looked for by, as a hash of 24 bits. Two terms may share one: whoever finds an entity by it
/// looks at the entity. Among 400,000 terms one more entity is looked at for every 40th question; 32 bits would cost
/// another byte a term.
enum Term: Hashable {
  /// The last digits of a phone number.
  case phone(digits: String)
  case email(String)
  case handle(String)
  /// A word of a customer's name.
  case name(word: String)
  /// A word of a ticket's subject.
  case subject(word: String)
  /// The number in another system, of an entity of any type.
  case ref(String)
  /// The customer of a ticket, promise or anything else, as the field has it.
  case customer(String)
  /// The ticket of a promise or anything else.
  case ticket(String)
  /// The entity that another one was merged into.
  case merged(String)
  /// The ticket that another one was split from.
  case split(String)
  /// A key under which profiles that may be of one person lie together.
  case block(String)
  /// An entity that was tied to another one as the same.
  case linked
  /// A member of an organisation.
  case organisation(String)
  /// A ticket of an outreach.
  case outreach(String)
  /// A customer who withdrew a consent.
  case withdrew

  var hash: UInt32 {
    let (kind, text): (UInt8, String) =
      switch self {
      case .phone(let digits): (1, String(digits.suffix(PhoneDigits.significant)))
      case .email(let text): (2, TextFolding.fold(text))
      case .handle(let text): (3, TextFolding.fold(text.hasPrefix("@") ? String(text.dropFirst()) : text))
      case .name(let word): (4, word)
      case .subject(let word): (5, word)
      case .ref(let text): (6, text)
      case .customer(let text): (7, text)
      case .ticket(let text): (41, text)
      case .merged(let text): (42, text)
      case .split(let text): (43, text)
      case .block(let text): (44, text)
      case .linked: (45, "")
      case .organisation(let text): (46, text)
      case .outreach(let text): (47, text)
      case .withdrew: (48, "")
      }
    // FNV's upper bits are weak where texts are short and alike; a multiplication more mixes them.
    let hash = FNV1a.hash([kind] + Array(text.utf8))
    let mixed = (hash ^ (hash >> 29)) &* 0xBF58_476D_1CE4_E5B9
    return UInt32(mixed >> 40)
  }
}

extension Term {
  /// A way to reach a customer: an element of one of `Vocabulary.contactSets`. Nil for what is no number, and for other sets.
  static func contact(_ field: ExactString, _ text: String) -> Term? {
    switch field {
    case "phones": PhoneDigits.parse(text).map { .phone(digits: $0) }
    case "emails": .email(text)
    case "handles": .handle(text)
    default: nil
    }
  }
}
