import CLI
import Codec
import Testing

/// Profiles that were one and of which one is erased, from the command line.
@Suite struct ErasedSplitCommandTests {
  /// Two profiles, ordered, with a withdrawal and a fact that were written while they were one.
  private func split(_ desk: TestDesk) throws -> [String] {
    _ = try desk.ok("init")
    let ids = try ["One", "Two"].map { try desk.ok("customer", "new", $0) }.sorted()
    _ = try desk.ok("customer", "merge", ids[0], ids[1])
    _ = try desk.ok("consent", "withdraw", ids[0], "contact")
    _ = try desk.ok("fact", "set", ids[0], "allergy", "NUTS")
    _ = try desk.ok("customer", "split", ids[0])
    return ids
  }

  @Test(arguments: [true, false]) func aWithdrawalThatStaysIsTold(isJSON: Bool) throws {
    let desk = try TestDesk()
    let ids = try split(desk)
    let erased = desk.run(["customer", "erase", ids[0], "--yes"] + (isJSON ? ["--json"] : []))
    #expect(erased.code == .ok)
    if isJSON {
      let withdrawn = erased.json?["withdrawn"]?.elements ?? []
      #expect(withdrawn.map { $0["on"]?.string } == [ids[1]])
      #expect(withdrawn.map { $0["purpose"]?.string } == ["contact"])
    } else {
      #expect(erased.errors.contains("consent to contact was withdrawn while"), "\(erased.errors)")
    }
    #expect(try desk.ok("consent", "list", ids[1]).contains("withdrawn"))
  }

  @Test func aQuestionMayBeAnsweredWithAnErasedCustomer() throws {
    let desk = try TestDesk()
    let ids = try split(desk)
    _ = try desk.ok("customer", "erase", ids[1], "--yes")
    let questions = desk.run("customer", "questions", ids[1], "--json").json?.elements ?? []
    #expect(questions.count == 2)
    for question in questions {
      let id = try #require(question["question"]?.string)
      let answered = desk.run("customer", "answer", id, "--belongs-to", ids[1])
      #expect(
        answered.code == .ok && answered.errors.contains("stays in the history of"), "\(answered.errors)")
    }
    #expect(try !desk.ok("customer", "show", ids[0]).contains("NUTS"))
    #expect(desk.run("customer", "questions", "--json").json?.elements?.isEmpty == true)
  }
}
