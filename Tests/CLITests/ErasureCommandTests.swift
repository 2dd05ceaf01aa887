import Agent
import CLI
import Codec
import Foundation
import Merge
import Server
import Storage
import TestSupport
import Testing

/// The commands, against a server without sockets.
@Suite struct ErasureCommandTests {
  private func customer(_ desk: TestDesk) throws -> (id: String, ticket: String) {
    let id = try desk.ok("customer", "new", "Maja Zquixomar", "--email", "maja@zquixomar.example")
    let ticket = try desk.ok("ticket", "new", "Zquixomar's tap", "--customer", id)
    _ = try desk.ok("promise", "add", "To call Zquixomar", "--customer", id)
    return (id, ticket)
  }

  @Test func aStoreWithoutAServer() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let (id, ticket) = try customer(desk)
    // Without a terminal somebody has to be sure.
    let asked = desk.run("customer", "erase", id)
    #expect(asked.code == .usage)
    #expect(asked.errors.contains("1 profile, 1 ticket, 1 other entry for good; give --yes"))
    #expect(
      try desk.ok("customer", "erase", id, "--yes", "--reason", "asked for")
        == "erased 1 profile, 1 ticket, 1 other entry of \(id)")
    #expect(Traces.files(with: "zquixomar", in: desk.folder) == [])
    #expect(try desk.ok("customer", "erase", id, "--yes") == "\(id) is erased already, and nothing names it")
    let status = desk.run("erasure", "status")
    #expect(status.code == .ok)
    #expect(
      status.output.contains(id) && status.output.contains("asked for")
        && status.output.contains("gone everywhere"))
    #expect(
      desk.run("ticket", "note", ticket, "more").errors.contains(
        "was erased, so nothing can be written on it"))
    // Nothing new is kept of somebody who is gone.
    let other = try desk.ok("ticket", "new", "Another")
    for arguments in [
      ["ticket", "new", "Again", "--customer", id], ["ticket", "new", "Again", "customer=\(id)"],
      ["ticket", "set", other, "--customer", id], ["promise", "add", "A visit", "--customer", id],
    ] {
      let outcome = desk.run(arguments)
      #expect(outcome.code == .failed && outcome.errors.contains("was erased"), "\(arguments)")
    }
    #expect(desk.run("verify", "--check").code == .ok)
  }

  @Test func wordsThatStayOnAnothersTicketAreHiddenAndTold() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let (id, _) = try customer(desk)
    let other = try desk.ok("customer", "new", "Olle Berg")
    let ticket = try desk.ok(
      "ticket", "new", "A tap", "--customer", other, "--channel", "email", "--message", "Zquixomar's bill")
    let entry = try #require(
      desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements?.last?["id"]?.string)
    let split = try desk.ok("ticket", "split", ticket, "A bill", "--entry", entry)
    _ = try desk.ok("ticket", "set", split, "--customer", id)
    #expect(!desk.run("customer", "export", other).output.contains("bill"))
    #expect(desk.run("customer", "export", id).output.contains("Zquixomar's bill"))
    let erased = desk.run("customer", "erase", id, "--yes", "--json")
    #expect(erased.code == .ok)
    let hidden = erased.json?["hidden"]?.elements ?? []
    #expect(hidden.map { $0["on"]?.string } == [ticket])
    #expect(hidden.map { $0["entries"]?.elements?.map(\.string) } == [[entry]])
    #expect(!desk.run("ticket", "show", ticket).output.contains("bill"))
    // What is left of it is in that ticket's history, as with anything that was hidden.
    #expect(desk.run("history", ticket).output.contains("Zquixomar's bill"))
    #expect(try desk.ok("customer", "erase", other, "--yes") == "erased 1 profile, 1 ticket of \(other)")
    #expect(Traces.files(with: "zquixomar", in: desk.folder) == [])
  }

  @Test func whatIsHiddenWithAnErasureIsSaid() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let (id, _) = try customer(desk)
    let ticket = try desk.ok("ticket", "new", "A tap", "--channel", "email", "--message", "The bill")
    let entry = try #require(
      desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements?.last?["id"]?.string)
    _ = try desk.ok(
      "ticket", "set", try desk.ok("ticket", "split", ticket, "A bill", "--entry", entry), "--customer", id)
    let erased = desk.run("customer", "erase", id, "--yes")
    #expect(erased.code == .ok && erased.output.contains("erased 1 profile, 2 tickets"))
    #expect(erased.errors.contains("1 entry that went to what is erased stood on"))
  }

  @Test func damageOfTheServersNoteIsNamedAndMended() throws {
    let local = try LocalDesk()
    let sofia = try local.store("sofia")
    try local.join(sofia, role: "supervisor")
    let ticket = try #require(
      try sofia.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "Soon gone"]))))
    try local.sync(sofia)
    var erasing = Draft()
    erasing.erase = true
    try sofia.commit(Edit(.entity(ticket.on), erasing))
    try local.sync(sofia)
    try local.maintain()
    let desk = try TestDesk()
    let data = "\(local.folder)/server"
    let note = URL(fileURLWithPath: "\(data)/nord/erased.json")
    let text = String(decoding: try Data(contentsOf: note), as: UTF8.self)
    #expect(text.hasPrefix("{\"position\":2,"))
    #expect(desk.run("admin", "verify", "--data", data).output == "nord: 2 changes, intact\n")
    for damaged in ["", "{}", text.replacing(":2,", with: ":1,"), text.replacing(":2,", with: ":9,")] {
      try Data(damaged.utf8).write(to: note)
      let found = desk.run("admin", "verify", "--data", data, "--json")
      #expect(found.code == .damaged, "\(damaged)")
      let places = found.json?.elements?.first?["damage"]?.elements ?? []
      #expect(places.map { $0["file"]?.string } == ["erased.json"], "\(damaged)")
      #expect(desk.run("admin", "verify", "--data", data, "--repair").code == .ok)
      #expect(!FileManager.default.fileExists(atPath: note.path))
      #expect(desk.run("admin", "verify", "--data", data).code == .ok)
    }
    // A server that starts without it goes through its files and writes it.
    let fresh = ServerData(folder: data, now: local.environment.now, random: local.environment.random)
    while try fresh.hosted("nord").workspace.maintain() {}
    #expect(String(decoding: try Data(contentsOf: note), as: UTF8.self) == text)
  }

  @Test func receiptsAndRefusals() throws {
    let server = try MemoryServer()
    let desk = try TestDesk()
    let transport = server.transport
    desk.connect = { _ in transport }
    let stores = ["anna", "sofia"].map { "\(desk.folder)/\($0)" }
    for (store, name) in zip(stores, ["anna", "sofia"]) {
      let code = try server.invite(name, role: name == "sofia" ? "supervisor" : "agent")
      _ = try desk.ok("join", "http://local", "--code", code, "--store", store)
    }
    desk.variables["ASKONCE_STORE"] = stores[0]
    let (id, ticket) = try customer(desk)
    _ = try desk.ok("customer", "set", id, "address.city=Lund")
    let bare = try desk.ok("ticket", "new", "Of nobody yet")
    _ = try desk.ok("sync")
    let refused = desk.run("customer", "erase", id, "--yes")
    #expect(refused.code == .refused && refused.errors.contains("ask a supervisor"))
    #expect(desk.run("erasure", "status").code == .refused)

    desk.variables["ASKONCE_STORE"] = stores[1]
    _ = try desk.ok("sync")
    let erased = try #require(desk.run("customer", "erase", id, "--yes", "--json").json)
    #expect(erased["erased"]?.elements?.count == 3)
    let waiting = desk.run("erasure", "status")
    #expect(waiting.code == .partial && waiting.output.contains("not sent yet"))
    _ = try desk.ok("sync")
    try server.maintain()
    let owed = desk.run("erasure", "status", "--json")
    #expect(owed.code == .partial)
    let item = try #require(owed.json?["erasures"]?.elements?.first)
    #expect(owed.json?["erasures"]?.elements?.count == 1)
    #expect(item["on"]?.string == id && item["entities"]?.elements?.count == 3)
    #expect(item["owing"]?.elements?.compactMap { $0["agent"]?.string } == ["anna"])
    #expect(item["server"]?.bool == true)

    desk.variables["ASKONCE_STORE"] = stores[0]
    // What no change creates by its id, and what was there before, is told too.
    _ = try desk.ok("ticket", "set", bare, "--customer", id)
    _ = try desk.ok(
      "outreach", "outage", "--place", "Lund", "--subject", "s", "--message", "Hello {name}", "--channel",
      "email", "--apply")
    let outreach = try #require(
      desk.run("ticket", "list", "--json").json?.elements?.compactMap { $0["id"]?.string }.first {
        $0 != bare && $0 != ticket
      })
    let made = try desk.ok("ticket", "new", "Zquixomar again", "--customer", id)
    let told = desk.run("sync")
    let names = try [bare, outreach, made].map { try #require(EntityID($0)) }.sorted().map(\.description)
    #expect(told.errors.contains("\(id) was erased while you made \(names[0]) and 2 more for it"))

    desk.variables["ASKONCE_STORE"] = stores[1]
    _ = try desk.ok("sync")
    let meanwhile = desk.run("erasure", "status")
    #expect(meanwhile.code == .partial)
    #expect(meanwhile.output.contains("made meanwhile: \(names.joined(separator: ", "))"))
    _ = try desk.ok("customer", "erase", id, "--yes")
    for store in [1, 0, 1] { _ = try desk.ok("sync", "--store", stores[store]) }
    try server.maintain()
    #expect(desk.run("erasure", "status").code == .ok)
    #expect(Traces.files(with: "zquixomar", in: desk.folder) == [])
    #expect(try desk.ok("digest") == desk.ok("digest", "--store", stores[0]))
  }

  /// Two supervisors' stores and a server.
  private func joined(_ desk: TestDesk) throws -> (stores: [String], server: MemoryServer) {
    let server = try MemoryServer()
    let transport = server.transport
    desk.connect = { _ in transport }
    let stores = ["bo", "sara"].map { "\(desk.folder)/\($0)" }
    for (store, name) in zip(stores, ["bo", "sara"]) {
      let code = try server.invite(name, role: "supervisor")
      _ = try desk.ok("join", "http://local", "--code", code, "--store", store)
    }
    return (stores, server)
  }

  @Test func whatIsOnTheServerIsFetchedBeforeAnythingIsErased() throws {
    let desk = try TestDesk()
    let (stores, _) = try joined(desk)
    desk.variables["ASKONCE_STORE"] = stores[0]
    let (id, ticket) = try customer(desk)
    let other = try desk.ok("customer", "new", "Vic")
    for store in stores { _ = try desk.ok("sync", "--store", store) }
    _ = try desk.ok("ticket", "set", ticket, "--customer", other)
    _ = try desk.ok("ticket", "note", ticket, "Vic says: call me")
    _ = try desk.ok("sync")
    let erased = desk.run("customer", "erase", id, "--yes", "--store", stores[1])
    #expect(erased.code == .ok && erased.output.hasPrefix("erased 1 profile, 1 other entry of \(id)"))
    #expect(erased.errors.isEmpty)
    for store in stores.reversed() { _ = try desk.ok("sync", "--store", store) }
    #expect(desk.run("ticket", "show", ticket).output.contains("Vic says: call me"))
  }

  @Test func whoErasesOfflineIsToldWhatTheyDoNotKnow() throws {
    let desk = try TestDesk()
    let (stores, _) = try joined(desk)
    desk.variables["ASKONCE_STORE"] = stores[1]
    let (id, _) = try customer(desk)
    _ = try desk.ok("sync")
    let server = desk.connect
    desk.connect = { _ in throw Failure(.offline, "this test has no network") }
    // Asked where nobody can be, it erases nothing.
    let asked = desk.run("customer", "erase", id)
    #expect(asked.code == .usage && asked.errors.contains("is not known here and may be erased with it"))
    let erased = desk.run("customer", "erase", id, "--yes", "--json")
    #expect(erased.code == .ok && erased.json?["on"]?.string == id)
    #expect(erased.errors.contains("is not known here and may be erased with it"))
    desk.connect = server
    let again = desk.run("customer", "erase", id, "--yes")
    #expect(again.output == "\(id) is erased already, and nothing names it\n")
    #expect(!again.errors.contains("not known"), "\(again.errors)")
  }

  @Test func wordsOfAnotherCustomerThatWereSplitOffStay() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let eve = try desk.ok("customer", "new", "Eve")
    let fay = try desk.ok("customer", "new", "Fay")
    let ticket = try desk.ok(
      "ticket", "new", "one", "--customer", eve, "--channel", "email", "--message", "EVE: my tap")
    _ = try desk.ok("ticket", "reply", ticket, "FAY: my order", "--from-customer", "--channel", "email")
    _ = try desk.ok("ticket", "reply", ticket, "Dear Fay", "--channel", "email")
    let timeline = desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements ?? []
    let others = timeline.filter { $0["text"]?.string?.contains("EVE") == false }
    let moved = others.compactMap { $0["id"]?.string }
    #expect(moved.count == 2)
    let split = try desk.ok("ticket", "split", ticket, "order", "--entry", moved[0], "--entry", moved[1])
    _ = try desk.ok("ticket", "set", split, "--customer", fay)
    func shown() -> [[String?]] {
      (desk.run("ticket", "show", split, "--json").json?["timeline"]?.elements ?? []).map {
        [$0["text"]?.string, $0["by"]?.string, $0["at"]?.string]
      }
    }
    let before = shown()
    #expect(before.count == 2)
    let erased = desk.run("customer", "erase", eve, "--yes")
    #expect(erased.code == .ok && erased.errors.contains("2 entries"))
    #expect(shown() == before)
    #expect(desk.run("customer", "export", fay).output.contains("FAY: my order"))
    #expect(Traces.files(with: "eve: my tap", in: desk.folder) == [])
    // Nobody sends what may have gone out from the ticket that is gone, unless a person lets it go.
    #expect(desk.run("ticket", "show", split).output.contains("held"))
    _ = try desk.ok("customer", "erase", fay, "--yes")
    #expect(Traces.files(with: "fay: my order", in: desk.folder) == [])
  }

  @Test func whatStaysInAHistoryIsListed() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let first = try desk.ok("customer", "new", "One")
    let second = try desk.ok("customer", "new", "Two")
    _ = try desk.ok("customer", "merge", first, second)
    _ = try desk.ok("fact", "set", first, "allergy", "NUTS")
    _ = try desk.ok("customer", "set", first, "--name", "NAMED")
    _ = try desk.ok("customer", "split", second)
    let questions = desk.run("customer", "questions", "--json").json?.elements ?? []
    #expect(questions.count == 2)
    for question in questions {
      let id = try #require(question["question"]?.string)
      _ = try desk.ok("customer", "answer", id, "--belongs-to", second)
    }
    let erased = desk.run("customer", "erase", second, "--yes")
    #expect(erased.code == .ok)
    #expect(erased.errors.contains("fact.allergy and name"), "\(erased.errors)")
    #expect(desk.run("history", first).output.contains("NUTS"))
  }

  @Test func anErasureThatTheServerLostIsNotCarriedOut() throws {
    let desk = try TestDesk()
    let (stores, _) = try joined(desk)
    desk.variables["ASKONCE_STORE"] = stores[1]
    let (id, _) = try customer(desk)
    _ = try desk.ok("sync")
    _ = try desk.ok("customer", "erase", id, "--yes")
    for store in stores.reversed() { _ = try desk.ok("sync", "--store", store) }
    // The server as it is once a backup from before the erasure was put back.
    let server = desk.connect
    desk.connect = { address in Forgetful(inner: try server(address)) }
    let lost = desk.run("erasure", "status")
    #expect(lost.code == .partial && lost.output.contains("the server does not have it"))
    let item = desk.run("erasure", "status", "--json").json?["erasures"]?.elements?.first
    #expect(item?["on"]?.string == id && item?["done"]?.bool == false && item?["position"] == nil)
  }
}

/// A server that knows of no erasure.
private struct Forgetful: Transport {
  let inner: any Transport

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    guard call.path.hasSuffix("/erasures") else { return try inner.exchange(call) }
    return Reply(
      status: 200, fields: [:], body: Array(#"{"server":0,"erasures":[],"devices":[]}"#.utf8))
  }
}
