import Causality
import Codec

/// Which of several heads of a register is shown: a pure function of the heads, so that every replica
/// shows the same one. The others stay visible as a conflict.
public enum WinnerPolicy: Hashable, Sendable {
  /// The greatest effective time, then the greatest change id.
  case latest
  /// The smallest effective time, then the smallest change id: the first to take a ticket has it.
  case earliest
  /// The value that stands first in the list; a value not in it stands before all. For ticket status: a
  /// wrongly closed ticket harms more than a wrongly open one. Of an object its member `state` counts.
  case first(of: [String])
  /// The value that stands last in the list; a value not in it stands before all. For priority.
  case last(of: [String])

  /// The index of the head to show.
  ///
  /// - Precondition: `heads` is not empty.
  public func winner(among heads: [Head]) -> Int {
    var best = 0
    for index in heads.indices.dropFirst() where precedes(heads[best], heads[index]) { best = index }
    return best
  }

  /// Whether `right` is to be shown rather than `left`.
  private func precedes(_ left: Head, _ right: Head) -> Bool {
    switch self {
    case .latest: return (left.effective, left.id) < (right.effective, right.id)
    case .earliest: return (right.effective, right.id) < (left.effective, left.id)
    case .first(let order):
      let (a, b) = (Self.rank(left, order), Self.rank(right, order))
      return a == b ? WinnerPolicy.latest.precedes(left, right) : b < a
    case .last(let order):
      let (a, b) = (Self.rank(left, order), Self.rank(right, order))
      return a == b ? WinnerPolicy.latest.precedes(left, right) : a < b
    }
  }

  private static func rank(_ head: Head, _ order: [String]) -> Int {
    (head.value.string ?? head.value["state"]?.string).flatMap(order.firstIndex(of:)) ?? -1
  }
}
