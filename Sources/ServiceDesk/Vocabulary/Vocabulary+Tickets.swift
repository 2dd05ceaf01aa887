import Codec
import Merge

/// The life of a ticket, its timeline, and what was promised.
extension Vocabulary {
  /// The states of a message that did not reach the customer and is not on its way.
  static let stoppedStates: Set = ["draft", "cancelled", "failed"]
  /// The states of a message that did not go out, as far as anybody knows.
  static let unsentStates = stoppedStates.union(["queued", "held", "sending"])

  // MARK: Entries of a timeline: member `kind`

  /// Words of the customer or to the customer, in writing.
  public static let message = "message"
  /// Words that were spoken: `duration` in seconds, `lines` of a transcript.
  public static let call = "call"
  /// For colleagues only.
  public static let note = "note"
  /// The customer was told of the solution, on `channel`.
  public static let told = "told"
  /// The customer was asked whether all is well; the owner's work ends with it.
  public static let followUp = "follow-up"
  /// The ticket went to another agent or team: `from`, `to`, `fromTeam`, `toTeam`, and why in `text`.
  public static let transfer = "transfer"
  /// The customer gets `amount` in `currency`, why in `text`.
  public static let compensation = "compensation"
  /// Something else that happened to the ticket: member `event`.
  public static let event = "event"

  /// What an entry may show of good care, member `care`: an array of these. Derived where it is not said.
  public static let careSteps = ["heard", "apologised", "solution", "action", "told", "followed-up"]

  /// Of an entry that was made again where it is shown: the change that wrote it first.
  static let moves = "moves"

  // MARK: Registers of a ticket

  /// The agent who answers for the ticket until a follow-up, through all transfers.
  public static let owner: ExactString = "owner"
  /// How it was solved, in words.
  public static let solution: ExactString = "solution"
  /// The ticket of which this one has become a part: an entity id, less than this one's.
  public static let merged: ExactString = "merged"
  /// The ticket that this one was split from, and which entries came along: `from`, `entries`.
  public static let split: ExactString = "split"
  /// The set of links to other tickets: `related ticket/b2x9m1c0aa.64`.
  public static let links: ExactString = "links"
  /// How tickets are linked, and the word at the other end.
  public static let relations: [(name: String, other: String)] = [
    ("related", "related"), ("parent", "child"), ("child", "parent"), ("causes", "caused-by"),
    ("caused-by", "causes"),
  ]
  /// The set of agents who follow a ticket.
  public static let followers: ExactString = "followers"

  // MARK: What happened to entries: registers of a ticket by change id

  /// `reply.<change id>`: how far a message to the customer came, later than its own member `state` says.
  public static let replyPrefix = "reply."
  /// The states of a message to the customer; of concurrent ones the last in this list happened.
  public static let replyStates = [
    "draft", "queued", "held", "cancelled", "sending", "failed", "sent", "delivered",
  ]
  /// `redacted.<change id>`: the entry's text is not to be shown; the value says why.
  public static let redactedPrefix = "redacted."
  /// `corrected.<change id>`: the entry's text as it should be: `text`, and why in `because`.
  public static let correctedPrefix = "corrected."
  /// `draft.<agent>`: an answer that the agent has not finished: `text`, `channel`.
  public static let draftPrefix = "draft."

  // MARK: Promises

  /// The entity type of a promise: `customer`, `ticket`, `text`, `due`, `state`, `amount`, `currency`, `because`.
  public static let promise = "promise"
  /// What a promise's `state` says, least finished first.
  public static let promiseStates = ["open", "broken", "waived", "kept"]
}

extension Vocabulary {
  // MARK: Surveys

  /// The entity type of a survey: `customer`, `ticket`, `csat` from 1 to 5, `ces` from 1 to 7, `comment`, `at`.
  public static let survey = "survey"
}
