import Agent
import Codec
import Glibc
import ServiceDesk
import Storage
import SyncProtocol

/// Syncs whenever the server or this device has something new, until it is ended.
///
/// The store's lock is held only while a sync runs, so that other commands work in between.
struct LiveSync {
  private let context: Context

  /// How long a sync waits for another command to finish, in milliseconds.
  private static let patience = 30_000
  /// Seconds between looks at a server that does not tell news, at first and at most.
  private static let polls = 5...60

  init(_ context: Context) {
    self.context = context
  }

  func run() throws {
    var failures = 0
    var feed = LiveFeed()
    var quiet = Self.polls.lowerBound
    while !context.output.isGone {
      do {
        let state = try sync()
        if failures > 0 { context.note("the server is back") }
        failures = 0
        quiet = state.isNews ? Self.polls.lowerBound : min(quiet * 2, Self.polls.upperBound)
        try wait(after: state, seconds: quiet, &feed)
      } catch let error as SyncError where error.isTemporary {
        failures += 1
        if failures == 1 { context.note("\(error); waiting for the server") }
        context.pause(SyncRun.pause(failures, after: error, random: context.system.random()))
      }
    }
  }

  /// What a sync left behind.
  private struct State {
    let link: ServerLink
    let position: UInt64
    let ownFolder: String
    let own: FolderMark
    let isNews: Bool
  }

  private func sync() throws -> State {
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
    let report = SyncRun.completed(try SyncClient(store, transport).sync(), desk)
    let news = watch.news()
    let isNews = report.sent + report.received + report.relayed > 0
    if isNews || !report.notes.isEmpty {
      if context.isJSON {
        context.output.json(SyncRun.json(report, news))
      } else {
        SyncRun.write(report, news, context)
      }
      try context.output.finish()
    }
    // While the store is held nobody edits.
    if !own.isSettled { usleep(20_000) }
    let link = ServerLink(transport, workspace: workspace, token: store.configuration.token)
    return State(
      link: link, position: store.position, ownFolder: ownFolder, own: own, isNews: isNews)
  }

  private func openPatiently() throws -> Store {
    var waited = 0
    while true {
      do {
        return try context.open(.writing)
      } catch {
        guard case .locked = error, waited < Self.patience else { throw error }
        usleep(50_000)
        waited += 50
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
          "the server's news do not come through, perhaps because of a proxy; asking every \(Self.polls.lowerBound) to "
            + "\(Self.polls.upperBound) s instead")
      }
    }
    for _ in 0..<seconds {
      if context.output.isGone || isEdited() { return }
      context.pause(1000)
    }
  }
}
