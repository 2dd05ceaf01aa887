import Agent
import Codec
import Foundation
import Testing

@testable import CLI

@Suite("Facts, questions and consent on the command line")
struct KnowledgeCommandTests {
  private func desk() throws -> (desk: TestDesk, customer: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let id = try desk.ok("customer", "new", "Maja Lind", "--phone", "+46 70 123 45 67")
    return (desk, id)
  }

  @Test(
    "What the profile has a place for is written there, where it is looked for",
    arguments: [
      ("phone", "phone"), ("Phone number", "phone"), ("e-mail", "email"), ("address", "street"),
      ("zip", "postcode"),
      ("City", "city"), ("name", "name"), ("preferred channel", "prefers"),
    ])
  func profileKeys(_ key: String, _ option: String) throws {
    let (desk, customer) = try desk()
    let refused = desk.run("fact", "set", customer, key, "x")
    #expect(refused.code == .usage && refused.errors.contains("customer set "), "\(refused.errors)")
    #expect(refused.errors.contains("--\(option) VALUE"), "\(refused.errors)")
    // A ticket has no such place: on it the number is for this ticket alone.
    let ticket = try desk.ok("ticket", "new", "Call back", "--customer", customer)
    _ = try desk.ok("fact", "set", ticket, key, "x")
  }

  @Test("ask: 0 known, 3 not known, 4 not to be used, 5 in conflict, 2 for nobody")
  func codes() throws {
    let (desk, customer) = try desk()
    #expect(desk.run("ask", customer, "size").code.rawValue == 3)
    _ = try desk.ok("fact", "set", customer, "size", "38", "--channel", "phone")
    let known = desk.run("ask", "070-123 45 67", "Size")
    #expect(known.code.rawValue == 0)
    #expect(known.output.contains("38 (stated to anna on phone"))
    #expect(desk.run("ask", customer, "size", "height").code.rawValue == 3)
    #expect(desk.run("ask", customer, "size", "--for", "marketing").code.rawValue == 4)
    _ = try desk.ok("fact", "set", customer, "away", "yes", "--expires", "2020-01-01")
    #expect(desk.run("ask", customer, "away").code.rawValue == 4)
    #expect(desk.run("ask", "nobody", "size").code.rawValue == 2)
    let outcome = desk.run("ask", customer, "size", "--because", "to be sure", "--json")
    #expect(outcome.json?["answers"]?.elements?.first?["value"]?.string == "38")
    #expect(outcome.json?["code"]?.int == 0)
    let log = desk.run("customer", "show", customer, "--json").json?["logs"]?["questions"]?.elements ?? []
    #expect(log.count == 6)
    #expect(log.last?["value"]?["again"]?.text == "[\"size\"]")
    #expect(log.last?["value"]?["because"]?.string == "to be sure")
    #expect(desk.run("ask", customer, "size", "--no-log").code == .ok)
    #expect(desk.run("fact", "get", customer, "size").output.contains("38"))
    #expect(
      desk.run("customer", "show", customer, "--json").json?["logs"]?["questions"]?.elements?.count == 6)
  }

  @Test("ask answers while another process writes, and says that it did not count")
  func locked() throws {
    let (desk, customer) = try desk()
    _ = try desk.ok("fact", "set", customer, "size", "38")
    let path = try #require(desk.variables["ASKONCE_STORE"])
    let other = try Store(at: path, .writing)
    let outcome = desk.run("ask", customer, "size")
    #expect(outcome.code == .ok)
    #expect(outcome.output.contains("38"))
    #expect(outcome.errors.contains("not counted"))
    withExtendedLifetime(other) {}
  }

  @Test("Secrets are refused with code 9 wherever a fact or field can be set, and in imports")
  func secrets() throws {
    let (desk, customer) = try desk()
    let card = "4111 1111 1111 1111"
    #expect(desk.run("fact", "set", customer, "pin", "4711").code == .refused)
    #expect(desk.run("fact", "set", customer, "note", card).code == .refused)
    #expect(desk.run("customer", "set", customer, "fact.card_number=1").code == .refused)
    #expect(desk.run("customer", "new", "Bo Ek", "fact.note=\(card)").code == .refused)
    #expect(desk.run("entity", "set", customer, "password=x").code == .refused)
    let errors = desk.run("fact", "set", customer, "pin", "4711").errors
    #expect(errors.contains("never kept"))
    let lines = """
      {"type":"customer","ref":"c1","fields":{"name":"Eva","fact.pin":"4711","fact.size":"38"}}
      {"type":"customer","ref":"c2","fields":{"name":"Ola","fact.note":{"value":"\(card)"}}}

      """
    let path = try desk.write(lines, to: "people.jsonl")
    let outcome = desk.run("import", path, "--json")
    #expect(outcome.code == .partial)
    let eva = desk.run("customer", "show", "c1", "--json").json
    #expect(eva?["fields"]?["fact.pin"] == nil)
    #expect(eva?["fields"]?["fact.size"]?.string == "38")
    #expect(desk.run("customer", "show", "c2", "--json").json?["fields"]?["fact.note"] == nil)
    let all = desk.run("export", "changes").output
    #expect(!all.contains("4711") && !all.contains(card))
  }

  @Test("A checklist on the command line")
  func checklist() throws {
    let (desk, customer) = try desk()
    let ticket = try desk.ok("ticket", "new", "Return", "--customer", customer)
    #expect(desk.run("checklist", ticket, "--for", "return").code == .notFound)
    for key in ["order_number", "product", "reason", "refund_or_exchange"] {
      _ = try desk.ok("fact", "set", ticket, key, "x")
    }
    let outcome = desk.run("checklist", ticket, "--for", "return", "--json")
    #expect(outcome.code == .ok)
    #expect(outcome.json?["known"]?.elements?.count == 4)
    #expect(desk.run("checklist", ticket, "--for", "repair").code == .usage)
    _ = try desk.ok("checklist", "set", "repair", "serial", "--ask", "What does the label say?")
    #expect(desk.run("checklist", ticket, "--for", "repair").output.contains("What does the label say?"))
  }

  @Test("Withdrawn consent hides facts from show, list and export, and the person's export has them")
  func consent() throws {
    let (desk, customer) = try desk()
    _ = try desk.ok("consent", "grant", customer, "marketing", "--channel", "phone")
    _ = try desk.ok("fact", "set", customer, "likes", "green tea", "--for", "marketing")
    #expect(desk.run("export", "customers").output.contains("green tea"))
    #expect(desk.run("fact", "list", customer, "--for", "marketing").output.contains("green tea"))
    _ = try desk.ok("consent", "withdraw", customer, "marketing", "--channel", "email")
    for arguments in [
      ["export", "customers"], ["export", "entities"], ["customer", "show", customer],
      ["customer", "show", customer, "--json"], ["fact", "list", customer, "--for", "marketing", "--all"],
      ["ask", customer, "likes", "--for", "marketing"],
    ] { #expect(!desk.run(arguments).output.contains("green tea"), "\(arguments)") }
    #expect(desk.run("ask", customer, "likes", "--for", "marketing").code.rawValue == 4)
    let table = desk.run("consent", "list", customer).output
    #expect(table.contains("marketing") && table.contains("withdrawn") && table.contains("email"))
    let person = desk.run("customer", "export", customer)
    #expect(person.output.contains("green tea"))
    let json = desk.run("customer", "export", customer, "--json").json
    #expect(json?["customer"]?["fields"]?["fact.likes"]?["value"]?.string == "green tea")
    #expect(json?["changes"]?.elements?.isEmpty == false)
    #expect(desk.run("consent", "grant", customer, "spying").code == .failed)
  }

  @Test func aFactNeedsAKeyAndAValue() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let customer = try desk.ok("customer", "new", "Maja")
    for arguments in [["note", ""], ["note", "null", "--as-json"]] {
      let outcome = desk.run(["fact", "set", customer] + arguments)
      #expect(outcome.code == .usage && outcome.errors.contains("'fact retract' takes"), "\(outcome.errors)")
    }
    for key in ["", "?"] {
      let outcome = desk.run("fact", "set", customer, key, "x")
      #expect(outcome.code == .usage && outcome.errors.contains("no letter or digit"), "\(outcome.errors)")
    }
  }
}
