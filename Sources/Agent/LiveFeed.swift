import SyncProtocol

/// The server's news as they come through to this device, and what is known of whether they do.
///
/// A proxy in between may refuse the stream, hold it back, cut it at once, or repeat an old one. Then it is left alone for a while, twice
/// as long each time, and whoever waits for news asks now and then instead.
package struct LiveFeed {
  /// How often in a row the stream did not come through. Once may be a server that was just started anew.
  package private(set) var failures = 0
  /// How many waits go by before it is tried again.
  private var rest = 0
  /// Whether the last wait ended with a head that was news.
  private var hadNews = false

  /// How often in a row `take` may hear nothing before the stream counts as held back: about as many seconds. The
  /// server says where its head is at once.
  private static let patience = 10
  /// A stream that lasted no longer is of no use: about as many seconds.
  private static let shortest = 3
  /// Seconds between looks at a server that does not tell news, at first and at most.
  package static let polls = 5...60

  package init() {}

  /// Whether to try the stream now, or to ask instead. Counts the waits.
  package var isWorthTrying: Bool {
    mutating get {
      guard rest > 0 else { return true }
      rest -= 1
      return false
    }
  }

  /// Follows the stream until there is news, or something else to do.
  ///
  /// - Parameters:
  ///   - isMoved: whether the sync since the last wait brought or sent anything. Where news brought nothing, they were none.
  ///   - isNews: whether a head is news.
  ///   - isEnough: asked at least once a second.
  /// - Returns: false where the stream does not come through.
  /// - Throws: `SyncError` where the server is not there or does not know this device.
  package mutating func wait(
    _ link: ServerLink, isMoved: Bool, until isNews: (Cursor) -> Bool, or isEnough: () -> Bool
  ) throws(SyncError) -> Bool {
    let isOld = hadNews && !isMoved
    hadNews = false
    if isOld { return end(isHeldBack: true) }
    var hasHead = false
    var silent = 0
    var isHeldBack = false
    do {
      try link.follow { head in
        if let head {
          hasHead = true
          hadNews = isNews(head)
          return !hadNews
        }
        silent += 1
        isHeldBack = !hasHead && silent >= Self.patience
        return !isHeldBack && !isEnough()
      }
    } catch {
      switch error {
      case .offline, .untrusted, .unauthorized: throw error
      // It worked and was cut, as proxies do after a while and servers when they stop: a sync will tell.
      case _ where hasHead && silent >= Self.shortest: return true
      default: isHeldBack = true
      }
    }
    return end(isHeldBack: isHeldBack)
  }

  private mutating func end(isHeldBack: Bool) -> Bool {
    // What one head proves, the sync that follows may still take back.
    failures = isHeldBack ? failures + 1 : hadNews ? failures : 0
    rest = isHeldBack ? 1 << min(failures, 6) : 0
    return !isHeldBack
  }
}
