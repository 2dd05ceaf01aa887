import Codec
import Merge
import ServiceDesk
import Testing

@Test func aLessFinishedStatusStandsBeforeAMoreFinishedOne() {
  #expect(Vocabulary.policy(type: "ticket", field: "status") == .first(of: Vocabulary.statuses))
  #expect(Vocabulary.policy(type: "customer", field: "status") == .latest)
}
