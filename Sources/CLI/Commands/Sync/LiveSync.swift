import Agent
import Codec
import Glibc
import ServiceDesk
import Storage
import SyncProtocol

/// Syncs whenever the server or this device has something new, until it is ended.
///
/// Other commands work all the while: the store's lock is held neither between syncs nor while one waits for the server.
struct LiveSync {
  private let context: Context

  /// How often the store's lock is tried, a quarter of a second each, before a person is told what is waited for.
  private static let patience = 120

  init(_ context: Context) {
    self.context = context
  }

  func run() throws {
    var failures = 0
    var feed = LiveFeed()
    var quiet = LiveFeed.polls.lowerBound
    let moves = Moves()
    while !context.output.isGone {
      do {
        let state = try sync(moves)
        moves.hasAny = false
        if failures > 0 { context.note("the server is back") }
        failures = 0
        quiet = state.isNews ? LiveFeed.polls.lowerBound : min(quiet * 2, LiveFeed.polls.upperBound)
        if !state.isMoved { try wait(after: state, seconds: quiet, &feed) }
      } catch SyncError.storage(.locked) {
        // Another sync does just what is to be done.
        context.pause(1000)
      } catch let error as SyncError where error.isTemporary {
        failures += 1
        if failures == 1 { context.note("\(error); waiting for the server") }
        context.pause(SyncRun.pause(failures, after: error, random: context.system.random()))
      }
    }
  }

  /// Whether anything was exchanged since the last sync that did not fail. A sync that breaks may have brought something, and the
  /// next one then brings nothing.
  private final class Moves {
    var hasAny = false
  }

  /// What a sync left behind.
  private struct State {
    let link: ServerLink
    let position: UInt64
    let ownFolder: String
    let own: FolderMark
    let isNews: Bool
    /// Whether edits are in another folder now, so that another sync is due at once.
    let isMoved: Bool
  }

  private func sync(_ moves: Moves) throws -> State {
    guard let connect = context.connect else { throw Failure(.failed, "this program has no network") }
    let store = try openPatiently()
    guard let server = store.configuration.server, let workspace = store.configuration.workspace else {
      throw SyncError.notJoined
    }
    let transport = try connect(server)
    let ownFolder = "\(context.store)/\(store.configuration.ownPath)"
    // Taken before the sync: an edit that comes meanwhile is seen behind it.
    let own = FolderMark(of: [ownFolder])
    let desk = Desk(store)
    let watch = ConflictNews.Watch(desk)
    let client = try SyncClient(store, transport) { report in
      moves.hasAny = moves.hasAny || report.isMoved
    }
    let report = SyncRun.completed(try client.sync(), desk)
    let news = watch.news()
    let isNews = moves.hasAny || report.isMoved
    if report.isMoved || !report.notes.isEmpty {
      if context.isJSON {
        context.output.json(SyncRun.json(report, news))
      } else {
        SyncRun.write(report, news, context)
      }
      try context.output.finish()
    }
    if !own.isSettled { usleep(20_000) }
    // A sync that found out that this store is a copy gave its edits another folder: what came into that since is not known.
    let isMoved = ownFolder != "\(context.store)/\(store.configuration.ownPath)"
    let link = ServerLink(transport, workspace: workspace, token: store.configuration.token)
    return State(
      link: link, position: store.position, ownFolder: ownFolder, own: own, isNews: isNews, isMoved: isMoved)
  }

  /// Opens the store as soon as no other command holds it: a long one, such as an import, is no reason to end.
  private func openPatiently() throws -> Store {
    var tries = 0
    while true {
      do {
        return try context.open(.writing, tries: 1)
      } catch {
        guard case .locked = error, !context.output.isGone else { throw error }
        tries += 1
        if tries == Self.patience { context.note("waiting for another command that holds the store") }
      }
    }
  }

  /// Waits until there may be something new.
  private func wait(after state: State, seconds: Int, _ feed: inout LiveFeed) throws(SyncError) {
    func isEdited() -> Bool { FolderMark(of: [state.ownFolder]) != state.own }
    if state.link.canFollow, feed.isWorthTrying {
      let isNews = try feed.wait(
        state.link, isMoved: state.isNews, until: { $0.position != state.position },
        or: { context.output.isGone || isEdited() })
      if isNews { return }
      if feed.failures == 2 {
        context.note(
          "the server's news do not come through, perhaps because of a proxy; asking every \(LiveFeed.polls.lowerBound) to "
            + "\(LiveFeed.polls.upperBound) s instead")
      }
    }
    for _ in 0..<seconds {
      if context.output.isGone || isEdited() { return }
      context.pause(1000)
    }
  }
}
