import Agent
import Causality
import Codec
import Glibc
import Merge
import ServiceDesk
import Storage

/// Syncs a store and tries again where that may help.
struct SyncRun {
  private let context: Context
  private let retries: Bool

  /// How often a sync is tried before it fails.
  private static let tries = 5
  /// The longest that a person who waits for a sync is kept waiting because a server asked for it, in seconds.
  private static let patience = 60

  init(_ context: Context, retries: Bool) {
    self.context = context
    self.retries = retries
  }

  /// Syncs once, or up to five times while the failure is a temporary one.
  ///
  /// What a failed try exchanged counts, and the next one goes on from there.
  func sync(_ store: Store) throws -> (report: SyncReport, news: ConflictNews) {
    // Keeps the tables that lists read in step with what the sync brings.
    let desk = Desk(store)
    defer { withExtendedLifetime(desk) {} }
    let watch = ConflictNews.Watch(desk)
    let progress = Progress(context.errors)
    defer { progress.end() }
    desk.onProgress = { progress.update("indexing: \(Words.grouped($0.done)) of \(Words.grouped($0.total))") }
    return (Self.completed(try exchange(store, progress), desk), watch.news())
  }

  /// As `sync(_:)`, for whoever syncs often and has a desk of the store already: nobody asks what is new.
  func exchange(_ store: Store) throws -> SyncReport {
    let progress = Progress(context.errors)
    defer { progress.end() }
    return try exchange(store, progress)
  }

  private func exchange(_ store: Store, _ progress: Progress) throws -> SyncReport {
    guard let connect = context.connect else { throw Failure(.failed, "this program has no network") }
    guard var server = store.configuration.server else { throw SyncError.notJoined }
    var transport = try connect(server)
    var attempt = 1
    var waits = 1
    var moves = 0
    while true {
      // A token is for the server that gave it: while this waited, the store may have joined another one.
      if let current = store.configuration.server, current != server {
        transport = try connect(current)
        server = current
      }
      do {
        let client = try SyncClient(store, transport) { report in
          progress.update(Self.progress(report, store))
        }
        return try client.sync()
      } catch SyncError.storage(.locked) where waits < Context.lockTries {
        // Another sync of this store, which needs the store's lock to end.
        progress.update("waiting for another sync of this store")
        waits += 1
        try store.lending { context.pause(250) }.get()
      } catch SyncError.moved where moves < Self.tries {
        moves += 1
      } catch {
        guard retries, error.isTemporary, attempt < Self.tries, (error.retryAfter ?? 0) <= Self.patience
        else {
          throw error
        }
        let pause = Self.pause(attempt, after: error, random: context.system.random())
        progress.update("trying again in \(pause / 1000 + 1) s: \(error)")
        try store.lending { context.pause(pause) }.get()
        attempt += 1
      }
    }
  }

  /// A report with what this device made for customers who were erased meanwhile, or tied to them: it is not erased, since
  /// whoever erased them did not know of it. And with others' tickets that it made a part of what is erased.
  static func completed(_ report: SyncReport, _ desk: Desk) -> SyncReport {
    var report = report
    let customers = (try? desk.customers(ofErased: report.erased)) ?? [:]
    var told: Set<EntityID> = []
    for (customer, erased) in customers.sorted(by: { $0.key < $1.key }) {
      let own = (try? desk.leftovers(of: erased, tiedBy: desk.store.replica)) ?? []
      guard let first = own.first else { continue }
      told.formUnion(own)
      let what = own.count == 1 ? "\(first)" : "\(first) and \(own.count - 1) more"
      report.notes.append(
        "\(customer) was erased while you made \(what) for it, which still \(own.count == 1 ? "holds" : "hold") its "
          + "data; ask a supervisor to run 'askonce customer erase \(customer)' again")
    }
    for part in (try? desk.stranded(by: report.erased, mergedBy: desk.store.replica)) ?? []
    where !told.contains(part) {
      report.notes.append(
        "\(part) was merged into a ticket that was erased meanwhile, and is in no list; run 'askonce ticket unmerge \(part)'"
      )
    }
    return report
  }

  /// Milliseconds to wait after a failure: twice as long each time, from half of that on by chance, so that agents
  /// whom one outage hit do not come back at once.
  static func pause(_ attempt: Int, random: UInt64) -> Int {
    let longest = min(60_000, 500 << min(attempt, 10))
    return longest / 2 + Int(random % UInt64(longest / 2))
  }

  /// The same, from when on the server wants to be asked again where it said so.
  static func pause(_ attempt: Int, after error: SyncError, random: UInt64) -> Int {
    min(error.retryAfter ?? 0, longestObeyed) * 1000 + pause(attempt, random: random)
  }

  /// The longest that a server is left alone because it asked for it, in seconds: a wrong clock or setting there must not
  /// keep a device from syncing for a day.
  private static let longestObeyed = 900

  private static func progress(_ report: SyncReport, _ store: Store) -> String {
    "syncing: \(Words.grouped(report.sent)) sent, \(Words.grouped(store.unsent.count)) to send, "
      + "\(Words.grouped(report.received)) received, \(Words.bytes(report.bytesSent + report.bytesReceived))"
  }

  /// Tells a report to a person: what had to be put right, then one line.
  static func write(_ report: SyncReport, _ news: ConflictNews, _ context: Context) {
    for note in report.notes { context.note(note) }
    context.output.line(summary(report))
    if let line = news.line { context.output.line(context.output.styled(Plain.line(line), .yellow)) }
  }

  static func summary(_ report: SyncReport) -> String {
    let relayed =
      report.relayed > 0 ? ", gave back \(Words.grouped(report.relayed)) that the server had lost" : ""
    return
      "sent \(Words.count(report.sent, "change")), received \(Words.grouped(report.received))\(relayed): "
      + "\(Words.bytes(report.bytesSent)) up, \(Words.bytes(report.bytesReceived)) down, "
      + Words.count(report.roundTrips, "round trip")
  }

  static func json(_ report: SyncReport, _ news: ConflictNews) -> JSONText {
    JSONText(object: [
      ("sent", JSONText(report.sent)), ("received", JSONText(report.received)),
      ("relayed", JSONText(report.relayed)), ("roundTrips", JSONText(report.roundTrips)),
      ("bytesSent", JSONText(report.bytesSent)), ("bytesReceived", JSONText(report.bytesReceived)),
      ("notes", EntityJSON.strings(report.notes)),
      ("conflicts", EntityJSON.strings(news.conflicts.map(\.id))),
    ])
  }
}
