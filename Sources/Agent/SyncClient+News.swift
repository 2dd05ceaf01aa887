import Storage
import SyncProtocol

extension SyncClient {
  /// Waits until the server may have something new for this store, so that a sync is worth while: what `askonce sync --live`
  /// does between two syncs.
  ///
  /// Blocks the calling thread. With a `StreamingTransport` the server tells its news at once; where the transport is none, or a
  /// proxy does not let the stream through, this ends after 5 to 60 s, longer each time in which the sync between brought
  /// nothing. The lock of a store that is open for writing is lent meanwhile, and what others wrote is read afterwards. That
  /// others edited this store is no news of the server: end the wait for it where it matters.
  ///
  /// ```swift
  /// repeat {
  ///   _ = try client.sync()
  /// } while try client.waitForNews { isCancelled.load(ordering: .relaxed) }
  /// ```
  ///
  /// Cost: one request that stays open.
  /// - Parameter isEnough: asked at least about once a second; true ends the wait. It must not touch the store.
  /// - Returns: whether to sync; false where `isEnough` ended the wait.
  /// - Throws: `SyncError`; where it `isTemporary`, wait a while and sync again. `.storage(.locked)` where somebody opened the
  ///   store while its lock was lent and still keeps it after half a minute.
  public func waitForNews(until isEnough: () -> Bool = { false }) throws(SyncError) -> Bool {
    // A store in doubt cannot lend its lock.
    try onStore(store.settleDoubt)
    try takeToken()
    let position = store.position
    let isMoved = hasMoved ?? true
    hasMoved = nil
    quiet = isMoved ? LiveFeed.polls.lowerBound : min(quiet * 2, LiveFeed.polls.upperBound)
    let result = try onStore { () throws(StorageError) in
      try store.lending { () throws(SyncError) in
        try listen(behind: position, isMoved: isMoved, isEnough)
      }
    }
    return try result.get()
  }

  private func listen(
    behind position: UInt64, isMoved: Bool, _ isEnough: () -> Bool
  ) throws(SyncError) -> Bool {
    var isEnded = false
    func ends() -> Bool {
      isEnded = isEnded || isEnough()
      return isEnded
    }
    if link.canFollow, feed.isWorthTrying {
      let isNews = try feed.wait(link, isMoved: isMoved, until: { $0.position != position }, or: ends)
      if isNews { return !isEnded }
    }
    for _ in 0..<quiet {
      if ends() { return false }
      store.environment.pause(1000)
    }
    return true
  }
}
