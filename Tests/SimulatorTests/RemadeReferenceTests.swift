import Agent
import Causality
import Merge
import Storage
import Testing

@testable import Simulator

/// What is made again under another id may speak of what others made again before.
@Suite struct RemadeReferenceTests {
  /// The tokens of each entity that a store holds.
  private func tokens(_ agent: SimAgent) throws -> [[String]] {
    guard let store = agent.store else { return [] }
    var found: [[String]] = []
    try store.forEachState { (state) throws(StorageError) in
      var tokens: [String] = []
      for placed in try store.changes(of: state.id) { tokens += Token.all(in: placed.change.body) }
      found.append(tokens.sorted())
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Two copies of a store hold the same unsent ticket, whose id an older self of theirs gave to another one. The first one
  /// makes it again; the second one has a note on it.
  @Test func aNoteFollowsTheTicketThatACopyMadeAgain() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    try desk.edit(anna, "base")
    try desk.sync(anna)
    let older = try desk.copy(anna, "older")
    let ticket = try desk.edit(anna, "ticket")
    let copy = try desk.copy(anna, "copy")
    let other = try desk.edit(older, "other")
    #expect(other.id == ticket.id)
    try desk.sync(older)
    try desk.sync(anna)
    try desk.edit(copy, "note", on: ticket.on)
    try desk.sync(copy)
    try desk.settle()
    for agent in desk.agents {
      let found = try tokens(agent)
      #expect(found == [["base"], ["note", "ticket"], ["other"]], "\(agent.name): \(found)")
    }
  }

  /// The server lost a ticket and a note on it, and gave their ids away. One colleague gives the ticket back under another id,
  /// another one then the note.
  @Test func aNoteFollowsTheTicketThatAColleagueGaveBack() throws {
    let desk = try Desk()
    let anna = try desk.agent("anna")
    let (carl, dora) = (try desk.agent("carl"), try desk.agent("dora"))
    try desk.edit(anna, "base")
    try desk.settle()
    let older = try desk.copy(anna, "older")
    desk.server.backUp()
    let ticket = try desk.edit(anna, "ticket")
    try desk.sync(anna)
    try desk.sync(carl)
    try desk.edit(anna, "note", on: ticket.on)
    try desk.sync(anna)
    try desk.sync(dora)
    desk.server.restore(newest: true)
    #expect(try desk.edit(older, "other").id == ticket.id)
    try desk.sync(older)
    #expect(try desk.sync(carl).relayed == 1)
    #expect(try desk.sync(dora).relayed == 1)
    try desk.settle()
    for agent in desk.agents {
      let found = try tokens(agent)
      #expect(found == [["base"], ["note", "ticket"], ["other"]], "\(agent.name): \(found)")
    }
  }
}
