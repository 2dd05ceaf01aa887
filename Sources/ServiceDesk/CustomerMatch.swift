/// A customer who was found.
public struct CustomerMatch: Sendable, Hashable {
  /// What the question agreed with, best first.
  public enum Reason: Int, Sendable, Hashable, Comparable {
    case id, ref, email, phone, handle, name

    public static func < (left: Reason, right: Reason) -> Bool { left.rawValue < right.rawValue }
  }

  /// Who was found.
  public let customer: CustomerRow
  /// By what they were found.
  public let reason: Reason
  /// The contact point, number or name that agreed, as the customer's record has it.
  public let matched: String
}
