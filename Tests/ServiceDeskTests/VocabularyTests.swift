import Merge
import ServiceDesk
import Codec
import Testing

@Test func aLessFinishedStatusStandsBeforeAMoreFinishedOne() {
  #expect(Vocabulary.policy(type: "ticket", field: "status") == .first(of: Vocabulary.statuses))
  #expect(Vocabulary.policy(type: "customer", field: "status") == .latest)
}
