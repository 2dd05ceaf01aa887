import Codec
import Testing

@testable import CLI

@Suite("Command lines")
struct ArgumentTests {
  private static let name = Option.value("name", short: "n", "NAME", "a name")
  private static let tag = Option.list("tag", short: "t", "WORD", "a tag")
  private static let all = Option.flag("all", short: "a", "all")
  private static let brief = Option.flag("brief", short: "b", "brief")
  private static let kind = Option.value("kind", "WORD", "a kind", choices: ["phone", "email"])
  private static let options = [name, tag, all, brief, kind] + Common.all

  private func read(_ arguments: String..., operands: [Operand] = [Operand("X", .any, "")]) throws
    -> TypedArguments
  {
    try ArgumentReader.read(arguments, options: Self.options, operands: operands)
  }

  private func failure(_ arguments: String..., operands: [Operand] = [Operand("X", .any, "")]) -> String {
    do {
      _ = try ArgumentReader.read(arguments, options: Self.options, operands: operands)
      return ""
    } catch {
      #expect(error.code == .usage)
      return error.message
    }
  }

  @Test(
    "Every way to write a value means the same",
    arguments: [
      ["--name", "anna"], ["--name=anna"], ["-n", "anna"], ["-nanna"],
    ])
  func spellings(_ arguments: [String]) throws {
    let typed = try ArgumentReader.read(arguments, options: Self.options, operands: [])
    #expect(typed[Self.name] == "anna")
    #expect(typed.operands.isEmpty)
  }

  @Test(
    "Any text can be a value, and any text behind -- an operand",
    arguments: [
      "", "-", "--", "-x", "--unknown", "--json", "=", "a=b", "-5", "å ä", "\n",
    ])
  func anyText(_ text: String) throws {
    #expect(try read("--name=\(text)")[Self.name] == text)
    #expect(try read("--", text).operands == [text])
    #expect(try read("-t\(text.isEmpty ? "q" : text)").list(Self.tag) == [text.isEmpty ? "q" : text])
  }

  @Test("Order does not matter, but that of repeated values is kept")
  func order() throws {
    let typed = try read("one", "-t", "1", "--all", "two", "--tag=2", "-t3")
    #expect(typed == (try read("--all", "-t1", "-t2", "-t3", "one", "two")))
    #expect(typed.list(Self.tag) == ["1", "2", "3"])
    #expect(typed.operands == ["one", "two"])
  }

  @Test("Flags stand together, the last may take a value")
  func together() throws {
    let typed = try read("-abn", "anna")
    #expect(typed.has(Self.all) && typed.has(Self.brief))
    #expect(typed[Self.name] == "anna")
  }

  @Test("Numbers and a dash are operands")
  func numbers() throws {
    #expect(try read("-1", "-", "-2.5").operands == ["-1", "-", "-2.5"])
  }

  @Test("A mistake is told with what to do about it")
  func mistakes() {
    #expect(failure("--nmae", "x").contains("did you mean --name?"))
    #expect(failure("--colour").contains("put -- before it"))
    #expect(failure("-z").contains("unknown option -z"))
    #expect(failure("--name") == "--name needs a value: NAME")
    #expect(failure("--name", "--all").contains("write --name=--all"))
    #expect(failure("--name", "a", "--name", "b").contains("given twice: 'a' and 'b'"))
    #expect(failure("--all=yes") == "--all takes no value")
    #expect(failure("--kind", "phnoe").contains("did you mean 'phone'?"))
    #expect(failure("a", operands: []) == "one argument too many: 'a'")
    #expect(failure(operands: [Operand("FILE", "")]) == "FILE is missing")
    #expect(failure("a", operands: [Operand("FILE", ""), Operand("TAG", .some, "")]) == "TAG is missing")
  }

  @Test("Who asks for help need not know the operands")
  func help() throws {
    #expect(try read("--help", operands: [Operand("FILE", "")]).has(Common.help))
  }

  @Test(
    "Assignments: strings, JSON, and values with = and :",
    arguments: [
      ("a=b", "a", #""b""#), ("a=", "a", #""""#), ("a=b=c", "a", #""b=c""#), ("a:=1", "a", "1"),
      (#"a:={"b": [1, 2]}"#, "a", #"{"b":[1,2]}"#), ("fact.shoe_size=38", "fact.shoe_size", #""38""#),
      ("a=:=", "a", #"":=""#), (#"a=q"q"#, "a", #""q\"q""#),
    ])
  func assignments(_ text: String, _ field: String, _ value: String) throws {
    let assignment = try Assignment(text, isJSON: false)
    #expect(assignment.field.text == field)
    #expect(assignment.value.text == value)
  }

  @Test(
    "What is no assignment is refused", arguments: ["a", "=b", ":=1", "a:=", "a:=b", "a:=1 2", #"a"b=1"#])
  func badAssignments(_ text: String) {
    #expect(throws: Failure.self) { try Assignment(text, isJSON: false) }
  }

  @Test("The nearest word is the one that a slip of a finger makes")
  func suggestions() {
    let words = ["--status", "--store", "--since", "--json"]
    #expect(Suggestion.nearest(to: "--stauts", among: words) == "--status")
    #expect(Suggestion.nearest(to: "--stor", among: words) == "--store")
    #expect(Suggestion.nearest(to: "--colour", among: words) == nil)
    #expect(Suggestion.distance(Array("abcd".utf8), Array("acbd".utf8)) == 1)
    #expect(Suggestion.distance([], Array("abc".utf8)) == 3)
  }

  @Test(
    "Words behind a command's name in 'help', and numbers at the end of what there is, are told",
    arguments: [
      ["help", "brief", "x"], ["help", "ticket", "new", "x"], ["help", "exit-codes", "x"],
      ["brief", "x", "--nope"],
      ["entity", "count", "A", "n", "-9223372036854775808"],
      ["entity", "count", "A", "n", "9223372036854775807"],
    ])
  func ends(_ arguments: [String]) throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    _ = try desk.ok("ticket", "new", "One", "--ref", "A")
    let done = desk.run(arguments)
    #expect(done.code == .usage && !done.errors.contains("there are \n"), "\(done.errors)")
  }

  @Test(
    "Options that every command has stand between a command that is a noun too and its verb",
    arguments: [
      (["conflicts", "--json", "show", "ID"], "conflicts show", ["--json", "ID"]),
      (["conflicts", "--store", "S", "show", "ID"], "conflicts show", ["--store=S", "ID"]),
      (
        ["triage", "--store=S", "--json", "rule", "--json", "list"], "triage rule list",
        ["--store=S", "--json", "--json"]
      ),
      (["checklist", "--json", "list"], "checklist list", ["--json"]),
      (["outreach", "-h", "list"], "outreach list", ["--help"]),
      (["conflicts", "--store", "show"], "conflicts", ["--store", "show"]),
      (["conflicts", "--json", "--", "show"], "conflicts", ["--json", "--", "show"]),
      (["outreach", "--json", "--", "list"], "outreach", ["--json", "--", "list"]),
      (["conflicts", "--json", "--mine"], "conflicts", ["--json", "--mine"]),
      (["conflicts", "--json", "--store"], "conflicts", ["--json", "--store"]),
    ])
  func between(_ typed: [String], _ name: String, _ rest: [String]) throws {
    guard case .command(let command, let arguments) = try Registry.locate(typed) else {
      Issue.record("no command")
      return
    }
    #expect(command.name == name)
    #expect(arguments == rest)
  }
}
