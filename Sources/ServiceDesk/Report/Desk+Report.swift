import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// How the desk did in some time, by week, team and channel. Everything is derived from what is in the workspace now;
  /// targets and business hours are those of now.
  ///
  /// A wait counts when it began, a ticket when it was opened and when it was solved, a promise when it was due (else made), a
  /// survey when it was given, a question when it was spared or asked. Days and weeks are the ones of the workspace's
  /// business hours. A ticket that was merged into another one is a part of that.
  ///
  /// Cost: per store: it walks tickets, customers, promises and surveys, one entity in memory at a time.
  /// - Parameter now: milliseconds since 1970; nil for now.
  public func report(_ period: Range<UInt64>, now: UInt64? = nil) throws(DeskError) -> Report {
    let settings = try settings()
    var maker = ReportMaker(
      desk: self, settings: settings, now: now ?? store.environment.now(),
      tally: ReportTally(period, settings.hours))
    try maker.addTickets()
    try maker.addQuestions()
    try maker.addPromises()
    try maker.addSurveys()
    return maker.tally.report
  }
}

/// Walks the entities of a report.
private struct ReportMaker {
  let desk: Desk
  let settings: Settings
  let now: UInt64
  var tally: ReportTally
  /// The team and channel of tickets that were looked up.
  private var places: [EntityID: (team: String, channel: String)] = [:]
  private static let maximumPlaces = 4096

  init(desk: Desk, settings: Settings, now: UInt64, tally: ReportTally) {
    self.desk = desk
    self.settings = settings
    self.now = now
    self.tally = tally
  }

  /// Calls `visit` with each entity of a type that is not erased.
  private func walk(
    _ type: String, _ visit: (EntityState, [PlacedChange]) throws(DeskError) -> Void
  ) throws(DeskError) {
    let store = desk.store
    let walk = try desk.stored { () throws(StorageError) in try store.walk(ofType: type) }
    while let (id, changes) = try desk.stored({ () throws(StorageError) in try walk.next() }) {
      let state = Fold.state(of: id, changes)
      if !state.isErased { try visit(state, changes) }
    }
  }

  // MARK: Tickets

  mutating func addTickets() throws(DeskError) {
    /// Tickets that lost words to others: that is only known once those were met.
    var sources: Set<EntityID> = []
    var tally = tally
    try walk(Vocabulary.ticket) { (state, changes) throws(DeskError) in
      if let source = try desk.splitSource(of: state) { sources.insert(source.id) }
      let store = desk.store
      let whole = try desk.stored { () throws(StorageError) in try store.whole(above: state) }
      if whole != nil { return }
      if state.splitSource != nil || Self.hasParts(state, changes) {
        try addPage(state.id, to: &tally)
      } else {
        add(plain(state, changes), state, to: &tally)
      }
    }
    // What was counted without knowing that is taken back and counted again.
    for id in sources.sorted() {
      let whole = try desk.whole(id)
      let store = desk.store
      let changes = try desk.stored { () throws(StorageError) in try store.changes(of: whole) }
      let state = Fold.state(of: whole, changes)
      guard !changes.isEmpty, !state.isErased, state.splitSource == nil, !Self.hasParts(state, changes)
      else {
        continue
      }
      add(plain(state, changes), state, to: &tally, -1)
      try addPage(whole, to: &tally)
    }
    self.tally = tally
  }

  /// Whether another ticket was ever merged into one: most have no change that speaks of it.
  private static func hasParts(_ state: EntityState, _ changes: [PlacedChange]) -> Bool {
    changes.contains { $0.change.body.contains(word: BodyWords.merged) } && TicketClock(state).hasParts
  }

  /// The timeline of a ticket that has nothing to do with others.
  private func plain(_ state: EntityState, _ changes: [PlacedChange]) -> Judged {
    var entries = TicketPage.Entry.all(PlainLook(state).timeline, on: state)
    entries.cancelTwins()
    entries.sort { ($0.entry.happened, $0.entry.id) < ($1.entry.happened, $1.entry.id) }
    return judge(TicketEffort(entries, state, changes), state, changes)
  }

  private func addPage(_ id: EntityID, to tally: inout ReportTally) throws(DeskError) {
    let page = try desk.page(id)
    let store = desk.store
    let changes = try desk.stored { () throws(StorageError) in try store.changes(of: page.id) }
    let state = page.view.state
    add(judge(TicketEffort(page.entries, state, changes), state, changes), state, to: &tally)
  }

  /// A ticket's effort, and what became of each wait: met, missed, or nil while it runs in time.
  private struct Judged {
    let effort: TicketEffort
    let waits: [(wait: TicketEffort.Wait, isMet: Bool?)]
  }

  private func judge(_ effort: TicketEffort, _ state: EntityState, _ changes: [PlacedChange]) -> Judged {
    let target = settings.target(
      channel: state.text("channel") ?? "", priority: state.text("priority") ?? "")
    let pauses = TicketTargets.Pauses(changes, now: now)
    let hours = settings.hours
    var waits: [(TicketEffort.Wait, Bool?)] = []
    for wait in effort.waits where tally.period.contains(wait.start) {
      let minutes =
        switch wait.kind {
        case .first: target.first
        case .next: target.next
        case .resolution: target.resolution
        }
      guard let minutes else { continue }
      let due = pauses.due(UInt64(minutes) * 60_000, after: wait.start, hours, now: now)
      let isLate = due.map { $0 < wait.end ?? now } ?? false
      waits.append((wait, isLate ? false : wait.end == nil ? nil : true))
    }
    return Judged(effort: effort, waits: waits)
  }

  private func add(
    _ judged: Judged, _ state: EntityState, to tally: inout ReportTally, _ step: Int = 1
  ) {
    let (team, channel) = (state.text("team") ?? "", state.text("channel") ?? "")
    for (wait, isMet) in judged.waits {
      tally.add(wait.start, team, channel) { figures in
        let path: WritableKeyPath<ReportFigures, ReportFigures.Responses> =
          switch wait.kind {
          case .first: \.first
          case .next: \.next
          case .resolution: \.resolution
          }
        switch isMet {
        case true: figures[keyPath: path].met += step
        case false: figures[keyPath: path].missed += step
        case nil: figures[keyPath: path].running += step
        }
      }
    }
    tally.add(state.firstAt.milliseconds, team, channel) { $0.opened += step }
    guard let solved = judged.effort.solved else { return }
    tally.add(solved, team, channel) { figures in
      figures.solved += step
      figures.contacts += step * judged.effort.contacts
      figures.transfers += step * judged.effort.transfers
    }
  }

  // MARK: What names tickets

  /// The team and channel of a ticket, of the whole for a part of one; "" where there is none.
  private mutating func place(_ ticket: EntityID?) throws(DeskError) -> (team: String, channel: String) {
    guard let ticket, ticket.type == Vocabulary.ticket else { return ("", "") }
    if let known = places[ticket] { return known }
    let desk = desk
    var row = try desk.row(of: ticket)
    if row?.isPart == true { row = try desk.row(of: try desk.whole(ticket)) }
    let place = (row?.team ?? "", row?.channel ?? "")
    if places.count >= Self.maximumPlaces { places = [:] }
    places[ticket] = place
    return place
  }

  mutating func addQuestions() throws(DeskError) {
    var copy = self
    try walk(Vocabulary.customer) { (state, _) throws(DeskError) in
      guard let log = state.logs[Vocabulary.questions] else { return }
      let given = state.sets[Vocabulary.given] ?? [:]
      for line in log where given[ExactString(line.id.description)] == nil {
        let entry = QuestionEntry(line)
        guard copy.tally.period.contains(entry.at.milliseconds) else { continue }
        let place = try copy.place(entry.ticket)
        copy.tally.add(entry.at.milliseconds, place.team, entry.channel ?? place.channel) {
          $0.questions.add(entry)
        }
      }
    }
    self = copy
  }

  mutating func addPromises() throws(DeskError) {
    var copy = self
    try walk(Vocabulary.promise) { (state, _) throws(DeskError) in
      let promise = PromiseRow(state.id, PromiseRow.values(of: state))
      let at = promise.due ?? promise.created
      guard copy.tally.period.contains(at) else { return }
      let place = try copy.place(promise.ticket)
      let isLate = promise.due.map { $0 < copy.now } ?? false
      copy.tally.add(at, place.team, place.channel) { figures in
        switch promise.state {
        case "kept": figures.promises.kept += 1
        case "broken": figures.promises.broken += 1
        case "waived": figures.promises.waived += 1
        default:
          figures.promises.open += 1
          if isLate { figures.promises.overdue += 1 }
        }
      }
    }
    self = copy
  }

  mutating func addSurveys() throws(DeskError) {
    var copy = self
    try walk(Vocabulary.survey) { (state, _) throws(DeskError) in
      let survey = SurveyRow(state.id, SurveyRow.values(of: state))
      guard copy.tally.period.contains(survey.at) else { return }
      let place = try copy.place(survey.ticket)
      copy.tally.add(survey.at, place.team, place.channel) { figures in
        if let csat = survey.csat {
          (figures.csat.answers, figures.csat.sum) = (figures.csat.answers + 1, figures.csat.sum + csat)
        }
        if let ces = survey.ces {
          (figures.ces.answers, figures.ces.sum) = (figures.ces.answers + 1, figures.ces.sum + ces)
        }
      }
    }
    self = copy
  }
}

extension Desk {
  /// A ticket's row; nil where nothing is known of it. Cost: a page of each table.
  func row(of ticket: EntityID) throws(DeskError) -> TicketRow? {
    try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in try tables.values(of: ticket).map { TicketRow(ticket, $0) } }
    }
  }
}
