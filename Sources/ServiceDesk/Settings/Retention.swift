import Codec
import Merge

/// How long a value that was replaced is kept.
///
/// What a customer's name or address was years ago is nobody's business for ever, and a device need not carry it. With a
/// retention, compaction takes replaced values of registers out of a device's runs, where nobody ever disagreed about
/// the field. What conflicts, figures and response targets are derived from is kept, as is every entry of a log. The
/// server keeps everything that was not erased, and a device its own edits in `own/`, so that they can be sent again.
public struct Retention: Sendable, Hashable {
  /// The most that a workspace can ask for, in days.
  public static let maximum = 36_500

  /// Values go that were replaced so many days ago or longer.
  public let days: Int

  /// - Parameter days: 1 to `maximum`; nil where it is not.
  public init?(days: Int) {
    guard 1...Self.maximum ~= days else { return nil }
    self.days = days
  }

  /// Values go that were replaced before this moment, milliseconds since 1970.
  public func cutoff(now: UInt64) -> UInt64 {
    let span = UInt64(days) * 86_400_000
    return now > span ? now - span : 0
  }

  package func thinning(now: UInt64) -> Thinning {
    Thinning(before: cutoff(now: now), covers: Self.covers)
  }

  /// The registers of these types are thinned, but for those named here and those that begin with a name that ends with a
  /// dot: the desk's figures, targets and conflicts are derived from what they were. Of other types all is kept.
  private static let kept: [String: Set<String>] = [
    Vocabulary.customer: ["ref", "consent."],
    Vocabulary.organisation: ["ref"],
    Vocabulary.promise: ["customer", "ticket", "due", "state", "amount", "currency"],
    Vocabulary.ticket: [
      "ref", "customer", "status", "priority", "assignee", "team", "owner", "channel", "topic", "solution",
      "merged", "split",
      "due", "reply.", "redacted.",
    ],
  ]

  /// Whether the replaced values of a field need not be kept for ever.
  static func covers(type: String, field: ExactString) -> Bool {
    guard let names = kept[type] else { return false }
    if names.contains(field.text) { return false }
    guard let dot = field.text.firstIndex(of: ".") else { return true }
    return !names.contains(String(field.text[...dot]))
  }
}

extension Settings {
  /// How long replaced values are kept; nil for ever. While people disagree the longest of what they said counts, whichever of them is
  /// shown: what was dropped does not come back when they agree.
  public var retention: Retention? {
    let said = retentions.map(\.retention)
    guard let longest = said.compactMap(\.self).max(by: { $0.days < $1.days }), !said.contains(nil) else {
      return nil
    }
    return longest
  }

  /// How long replaced values are to be kept, nil for ever, by each of those who disagree about it; by one where nobody does.
  public var retentions: [(retention: Retention?, by: String)] {
    (state?.registers[Vocabulary.retention]?.heads ?? []).map { head in
      (head.value["days"]?.int.flatMap { Retention(days: $0) }, head.by)
    }
  }
}

extension Desk {
  /// Sets how long replaced values are kept on devices; nil for ever. Nil where nothing would change.
  @discardableResult
  public func setRetention(_ retention: Retention?) throws(DeskError) -> Change? {
    var draft = Draft()
    if let retention {
      draft.set[Vocabulary.retention] = JSONText(object: [("days", JSONText(retention.days))])
    } else {
      draft.clear = [Vocabulary.retention]
    }
    return try configure(draft)
  }
}

extension JSONText {
  /// Whether it stands for a value that a retention setting has thinned.
  public var isThinned: Bool { self == Thinning.mark }

  /// The value as a person reads it in a history, where it may be no longer kept.
  public var told: String { isThinned ? "(no longer kept)" : plain }
}
