import Agent
import Causality
import Codec
import Foundation
import Merge
import ServiceDesk

/// Measures durable edits inside of an open store, in turns with a bare append and `fdatasync` of as many bytes.
///
/// The edits are an agent's: mostly messages, then fields, facts and tags, on tickets that the agent has read, a third of
/// them on the one before. Reading is not part of the edit's time.
struct EditLoop {
  private let store: String
  private let count: Int
  private let rounds: Int

  init(_ arguments: [String]) {
    store = arguments[1]
    count = Int(arguments[2]) ?? 200
    rounds = Int(arguments[3]) ?? 5
  }

  func run() throws {
    let desk = Desk(try Store(at: store, .writing))
    var filter = TicketFilter()
    filter.status = .all
    let tickets = try desk.tickets(filter, limit: 400).rows
    guard !tickets.isEmpty else { throw CocoaError(.fileReadNoSuchFile) }
    var random = Steps(state: 7)
    var bare: [Double] = []
    var durable: [Double] = []
    var hash = Hash()
    let probe = "\(store)/bare"
    defer { try? FileManager.default.removeItem(atPath: probe) }
    let file = open(probe, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0o600)
    guard file >= 0 else { throw CocoaError(.fileWriteNoPermission) }
    defer { close(file) }
    let line = [UInt8](repeating: 0x78, count: 250)
    var ticket = tickets[0]
    for round in 0..<rounds {
      var edits: [Double] = []
      var appends: [Double] = []
      for number in 0..<count {
        if random.next(100) >= 35 { ticket = tickets[random.next(tickets.count)] }
        _ = try desk.ticket(ticket.id)
        if let customer = ticket.customer { _ = try desk.customer(customer) }
        // Which comes first changes: the first one wakes the disk from the time that reading took.
        let isFirst = number.isMultiple(of: 2)
        if !isFirst { appends.append(try append(line, to: file)) }
        let begin = now()
        let change = try edit(desk, ticket, number, random.next(100))
        edits.append(now() - begin)
        if isFirst { appends.append(try append(line, to: file)) }
        if round == 0, let change { hash.add("\(change.on) \(change.id.sequence)") }
      }
      // Medians: a disk that others use has outliers of many times the usual.
      durable.append(edits.sorted()[count / 2])
      bare.append(appends.sorted()[count / 2])
    }
    try print(["edits": count, "edit": durable, "append": bare, "hash": hash.text])
  }

  /// The seconds that a bare append of a line and its sync take.
  private func append(_ line: [UInt8], to file: Int32) throws -> Double {
    let begin = now()
    guard write(file, line, line.count) == line.count, fdatasync(file) == 0 else {
      throw CocoaError(.fileWriteUnknown)
    }
    return now() - begin
  }

  private func edit(_ desk: Desk, _ ticket: TicketRow, _ number: Int, _ choice: Int) throws -> Change? {
    switch choice {
    case ..<60:
      return try desk.reply(
        ticket.id, channel: "email",
        text:
          "Thank you for the photographs. We send a new one on Thursday, number \(number); keep the old one.")
    case ..<80:
      return try desk.set(ticket.id, ["priority": Vocabulary.priorities[number % 4]])
    case ..<90:
      guard let customer = ticket.customer else { return nil }
      return try desk.set(customer, ["fact.floor": String(number)])
    default:
      return try desk.tag(ticket.id, ["t\(number % 16)"])
    }
  }
}

/// Random numbers that are the same in each run.
private struct Steps {
  var state: UInt64

  mutating func next(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }
}
