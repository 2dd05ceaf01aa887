import Agent
import Causality
import Codec
import Merge
import Storage

/// Something said or written, to be put into a timeline.
public struct NewEntry: Sendable {
  /// A file that belongs to it: only what it is, not what is in it.
  public struct File: Sendable, Hashable {
    /// The file's name.
    public let name: String
    /// In bytes.
    public let size: Int
    /// SHA-256 of what is in it, 64 hexadecimal digits.
    public let sha256: String

    /// A file by its name, its size in bytes and its checksum.
    public init(name: String, size: Int, sha256: String) {
      self.name = name
      self.size = size
      self.sha256 = sha256
    }
  }

  /// One of `Vocabulary.message`, `.call`, `.note`.
  public var kind: String
  /// What was said or written.
  public var text: String
  /// The channel; nil for the ticket's.
  public var channel: String?
  /// `in` from the customer, `out` to the customer; nil for a note.
  public var direction: String?
  /// When it happened, if not just now.
  public var happened: HybridTime?
  /// Who said it, if not the agent who writes it down: for what an agent hears of a colleague.
  public var author: String?
  /// Of a call, in seconds.
  public var duration: Int?
  /// What was said, line by line.
  public var lines: [(who: String, text: String)] = []
  /// Files that belong to it, by name, size and checksum.
  public var files: [File] = []
  /// Steps of good care that it is, of `Vocabulary.careSteps`.
  public var care: [String] = []
  /// Keys of facts of the customer on which an answer rests: a colleague's newer one makes it a case for the inbox.
  public var facts: [String] = []
  /// What the customer's consent is needed for, `service` if nil.
  public var purpose: String?

  /// An entry of the timeline of a kind, such as message, call or note.
  public init(_ kind: String, _ text: String, channel: String? = nil, direction: String? = nil) {
    self.kind = kind
    self.text = text
    self.channel = channel
    self.direction = direction
  }
}

/// Writing into timelines.
extension Desk {
  /// Channels on which words are heard when they are said; on all others somebody has to deliver them.
  static let spoken: Set<String> = ["phone", "visit"]

  /// Puts an entry into a timeline.
  ///
  /// A written message to the customer is queued until a gateway delivers it. `@name` in a note makes that agent
  /// follow the ticket. The first agent who answers owns the ticket. A message of the customer opens a pending or solved ticket
  /// again; a closed one stays closed.
  /// - Throws: `DeskError.invalid` for a note with a direction, a message without a channel, and the like.
  @discardableResult
  public func write(_ id: EntityID, _ new: NewEntry) throws(DeskError) -> Change? {
    try write(id, new, more: [], at: nil, by: nil)
  }

  /// As `write`, with other members of the entry, when it happened and who recorded it.
  @discardableResult
  func write(
    _ id: EntityID, _ new: NewEntry, more: [(String, JSONText)], at: HybridTime?, by: String?
  ) throws(DeskError) -> Change? {
    if new.kind == Vocabulary.note {
      guard new.direction == nil else { throw .invalid("a note is for colleagues and goes to no customer") }
    } else {
      guard new.direction == "in" || new.direction == "out" else {
        throw .invalid("is it from the customer or to the customer?")
      }
      guard new.channel?.isEmpty == false else { throw .invalid("on which channel?") }
    }
    if let step = new.care.first(where: { !Vocabulary.careSteps.contains($0) }) {
      throw .invalid("'\(step)' is no step of care, but \(Vocabulary.careSteps.joined(separator: ", ")) are")
    }
    let state = try known(id)
    var members = [("kind", JSONText(new.kind))]
    if let channel = new.channel { members.append(("channel", JSONText(channel))) }
    if let direction = new.direction { members.append(("direction", JSONText(direction))) }
    if let happened = new.happened { members.append(("at", JSONText(happened.description))) }
    if let author = new.author { members.append(("author", JSONText(author))) }
    if let duration = new.duration { members.append(("duration", JSONText(duration))) }
    if new.kind == Vocabulary.message, new.direction == "out" {
      members.append(("state", JSONText(Self.spoken.contains(new.channel ?? "") ? "delivered" : "queued")))
    }
    var draft = Draft()
    if new.kind == Vocabulary.note {
      let names = Mentions.names(in: new.text)
      if !names.isEmpty {
        members.append(("mentions", JSONText(array: names.map { JSONText($0) })))
        draft.add[Vocabulary.followers] = names.map { ExactString($0) }
      }
    }
    if !new.care.isEmpty { members.append(("care", JSONText(array: new.care.map { JSONText($0) }))) }
    if !new.facts.isEmpty { members.append(("facts", JSONText(array: new.facts.map { JSONText($0) }))) }
    if let purpose = new.purpose { members.append(("purpose", JSONText(purpose))) }
    if !new.lines.isEmpty { members.append(("lines", Self.lines(new.lines))) }
    if !new.files.isEmpty { members.append(("files", JSONText(array: new.files.map(Self.file)))) }
    members.removeAll { member in more.contains { $0.0 == member.0 } }
    members += more.filter { $0.0 != "text" }
    // Last, where a long text costs least.
    members.append(("text", JSONText(new.text)))
    draft.log[Vocabulary.timeline] = JSONText(object: members)
    if new.direction == "out" || new.kind == Vocabulary.call {
      own(&draft, state, by ?? store.configuration.agent)
    }
    guard id.type == Vocabulary.ticket, new.kind == Vocabulary.message, new.direction == "in",
      let status = state.text("status"), ["pending", "solved"].contains(status)
    else { return try commit(Edit(.entity(id), draft, at: at, by: by)) }
    var edits = [Edit(.entity(id), draft, at: at, by: by)]
    edits.append(
      Edit(.entity(id), Self.reopening(status == "solved" ? "The customer wrote" : nil), at: at, by: by))
    let made = edits
    return try stored { () throws(StorageError) in try store.commit(made) }[0]
  }

  private static func lines(_ lines: [(who: String, text: String)]) -> JSONText {
    JSONText(array: lines.map { JSONText(object: [("who", JSONText($0.who)), ("text", JSONText($0.text))]) })
  }

  private static func file(_ file: NewEntry.File) -> JSONText {
    JSONText(object: [
      ("name", JSONText(file.name)), ("size", JSONText(file.size)), ("sha256", JSONText(file.sha256)),
    ])
  }

  /// Hides the text of an entry. The trace stays: that it was there, who hid it and why; the history keeps the words until an
  /// erasure.
  @discardableResult
  public func redact(
    _ id: EntityID, _ entry: ChangeID, because reason: String
  ) throws(DeskError) -> Change? {
    guard reason.contains(where: { !$0.isWhitespace }) else { throw .invalid("why is it hidden?") }
    try require(entry, of: id)
    var draft = Draft()
    for copy in try known(id).withCopies(of: [entry]) {
      draft.set[ExactString(Vocabulary.redactedPrefix + copy.description)] = JSONText(reason)
    }
    return try commit(Edit(.entity(id), draft))
  }

  /// Puts an entry's text right. The text as it was stays in the timeline's log. Two corrections at the same time are a
  /// conflict for people to settle.
  @discardableResult
  public func correct(
    _ id: EntityID, _ entry: ChangeID, text: String, because reason: String? = nil
  ) throws(DeskError) -> Change? {
    try require(entry, of: id)
    var members = [("text", JSONText(text))]
    if let reason { members.append(("because", JSONText(reason))) }
    var draft = Draft()
    draft.set[ExactString(Vocabulary.correctedPrefix + entry.description)] = JSONText(object: members)
    return try commit(Edit(.entity(id), draft))
  }

  private func require(_ entry: ChangeID, of id: EntityID) throws(DeskError) {
    guard PlainLook(try known(id)).timeline.contains(where: { $0.id == entry }) else {
      throw .notFound("\(entry) in the timeline of \(id)")
    }
  }

  /// Follows a ticket, or stops it.
  @discardableResult
  public func follow(
    _ ticket: EntityID, _ agent: String, undoing: Bool = false
  ) throws(DeskError) -> Change? {
    try known(ticket, as: Vocabulary.ticket)
    var draft = Draft()
    if undoing {
      draft.drop[Vocabulary.followers] = [ExactString(agent)]
    } else {
      draft.add[Vocabulary.followers] = [ExactString(agent)]
    }
    return try commit(Edit(.entity(ticket), draft))
  }

  /// Keeps a saved reply for the whole workspace. Placeholders: `{name}`, `{subject}`, `{ticket}`, `{agent}`.
  @discardableResult
  public func saveReply(_ name: String, _ text: String, language: String? = nil) throws(DeskError) -> Change?
  {
    try Placeholders.check(text)
    var members = [("text", JSONText(text))]
    if let language { members.append(("language", JSONText(language))) }
    var draft = Draft()
    draft.set[ExactString(Vocabulary.savedPrefix + name)] = JSONText(object: members)
    return try configure(draft)
  }

  /// The text of a saved reply for a ticket; nil where there is none of that name.
  ///
  /// - Throws: `DeskError.invalid` where something that the text speaks of is not known, so that no customer is called
  ///   `{name}`.
  public func savedReply(_ name: String, for ticket: EntityID) throws(DeskError) -> String? {
    guard let text = try settings().savedReply(name) else { return nil }
    guard let view = try stored({ () throws(StorageError) in try self.ticket(ticket) }) else {
      throw .notFound(ticket.description)
    }
    // Another program may have saved it.
    try Placeholders.check(text)
    return try Placeholders.fill(
      text,
      [
        "name": view.customerName ?? "", "subject": view.subject, "ticket": view.ref ?? shortID(ticket),
        "agent": store.configuration.agent,
      ])
  }
}

extension Settings {
  /// The names of saved replies, ordered.
  public var savedReplies: [String] { names(Vocabulary.savedPrefix) }

  /// A saved reply with its placeholders.
  public func savedReply(_ name: String) -> String? {
    value(Vocabulary.savedPrefix + name)?["text"]?.string
  }
}

extension EntityState {
  /// The state as it may be shown: entries that were redacted are without their words, and without those that were to be in
  /// their place.
  public var withoutRedactedWords: EntityState {
    var values: [ChangeID: JSONText] = [:]
    var corrections: Set<ExactString> = []
    for entry in logs[Vocabulary.timeline] ?? [] {
      guard let redaction = redaction(of: entry.id) else { continue }
      values[entry.id] = entry.value.withoutWords(redaction.value)
      corrections.insert(ExactString(Vocabulary.correctedPrefix + entry.id.description))
    }
    return without(corrections).replacing(values, in: Vocabulary.timeline)
  }

  /// Why and by whom an entry of the timeline was hidden; nil where it was not.
  func redaction(of entry: ChangeID) -> Head? {
    shown(ExactString(Vocabulary.redactedPrefix + entry.description))
  }
}

extension JSONText {
  /// An entry of a timeline without what was said, and with the reason.
  func withoutWords(_ reason: JSONText) -> JSONText {
    JSONText(object: (wordless.members ?? []).map { ($0.key, $0.value) } + [("redacted", reason)])
  }

  /// An entry of a timeline without what was said.
  var wordless: JSONText {
    let rest = (members ?? []).filter { !["text", "lines", "files"].contains($0.key) }
    return JSONText(object: rest.map { ($0.key, $0.value) })
  }
}

/// `@name` in notes.
enum Mentions {
  /// The names, each once, in their order. An `@` within a word, as in an e-mail address, is none.
  static func names(in text: String) -> [String] {
    var names: [String] = []
    var before: Character = " "
    var rest = Substring(text)
    while let character = rest.popFirst() {
      if character == "@", !before.isLetter, !before.isNumber, before != "." {
        var name = String(rest.prefix { $0.isLetter || $0.isNumber || "._-".contains($0) })
        // A full stop behind the name ends the sentence.
        while let last = name.last, ".-".contains(last) { name.removeLast() }
        if !name.isEmpty, !names.contains(name) { names.append(name) }
      }
      before = character
    }
    return names
  }
}
