import Merge
import Storage

/// All that keep something in step with one store: several desks may be open on it, each for as long as somebody holds it.
package struct StoreFollowers {
  private struct Entry {
    weak var follower: (any StoreFollower)?
    /// What was added to the store's newer changes since this one asked; nil where it has to look at all of them.
    var news: [PlacedChange]?
  }

  private var entries: [Entry] = []

  /// Those that are still there, oldest first.
  var all: [any StoreFollower] { entries.compactMap(\.follower) }

  /// Adds one, and forgets those that are gone.
  mutating func add(_ follower: any StoreFollower) {
    entries.removeAll { $0.follower == nil }
    entries.append(Entry(follower: follower))
  }

  /// Tells all that something was added. Cost: per follower.
  mutating func add(_ placed: PlacedChange) {
    for index in entries.indices where entries[index].follower != nil { entries[index].news?.append(placed) }
  }

  /// From now on each has to look at all of the newer changes.
  mutating func forgetNews() {
    entries.removeAll { $0.follower == nil }
    for index in entries.indices { entries[index].news = nil }
  }

  /// What was added since one asked; nil where it has to look at all.
  mutating func takeNews(for follower: any StoreFollower) -> [PlacedChange]? {
    guard let index = entries.firstIndex(where: { $0.follower === follower }) else { return nil }
    defer { entries[index].news = [] }
    return entries[index].news
  }

  /// Which replaced values need no longer be kept, as the first says that knows; nil where all are.
  func thinning() throws(StorageError) -> Thinning? {
    for follower in all {
      if let thinning = try follower.thinning() { return thinning }
    }
    return nil
  }
}
