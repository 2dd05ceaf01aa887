import Codec
import Merge

/// Who is who: profiles of one person, and organisations.
extension Vocabulary {
  // MARK: One person, one profile

  /// What the names of registers with parts of an address begin with: `address.street`, `.line2`, `.postcode`, `.city`, `.region`,
  /// `.country`.
  public static let addressPrefix = "address."
  /// The registers that may say when a customer was born.
  public static let birthDates: [ExactString] = [
    "fact.birth_date", "fact.date_of_birth", "birth_date", "date_of_birth",
  ]
  /// The set of the profiles that are the same person; on both.
  public static let same = Links.same
  /// The set of the profiles that are *not* the same person; on both.
  public static let distinct = Links.distinct
  /// The set of changes that were made while two profiles were one and, after their split, were found to belong
  /// where they are: elements are change ids.
  public static let kept: ExactString = "kept"
  /// The set of a profile's changes that were found to belong to the other one and were made again there.
  public static let given: ExactString = "given"

  // MARK: Organisations

  /// The entity type of an organisation: `name`, `ref`, `phones`, `emails`, `address.<part>`, `fact.<key>`, `contract.<name>`.
  public static let organisation = "organisation"
  /// The set of a customer with the organisations it belongs to: entity ids.
  public static let organisations: ExactString = "organisations"
  /// `contract.<name>` of an organisation: `text`, `from`, `until`.
  public static let contractPrefix = "contract."
}
