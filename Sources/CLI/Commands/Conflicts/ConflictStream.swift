import Agent
import Codec
import Glibc
import ServiceDesk

/// New entries of the inbox as they come, until it is ended.
///
/// It only reads, so it runs beside `sync --live` and everything else. A look costs a folder's listing; the store is opened
/// again only where those moved.
struct ConflictStream {
  private let context: Context
  private let options: ConflictFilterOptions

  init(_ context: Context, _ options: ConflictFilterOptions) {
    self.context = context
    self.options = options
  }

  func run() throws {
    var known: Set<String>?
    var mark: FolderMark?
    while !context.output.isGone {
      let now = FolderMark(of: ["own", "log", "runs"].map { "\(context.store)/\($0)" })
      if now != mark {
        mark = now.isSettled ? now : nil
        let desk = Desk(try context.open(.reading))
        let open = try desk.conflicts(try options.filter(desk, context), limit: .max).conflicts
        let new = open.filter { !(known?.contains($0.id) ?? false) }
        // What was open before is told first, so that a reader that starts again misses nothing.
        for conflict in new.reversed() {
          if context.isJSON {
            context.output.json(conflict.json)
          } else {
            ConflictText.list([conflict], of: open.count, context.output)
          }
        }
        known = Set(open.map(\.id))
        try context.output.finish()
      }
      context.pause(500)
    }
  }
}
