import Codec
import Merge

/// Within how much business time a customer is to be answered, and a ticket to be solved.
public struct ResponseTarget: Sendable, Hashable {
  /// In minutes; nil for none.
  public var first: Int?
  /// Minutes of business hours until a later message is answered; nil for no target.
  public var next: Int?
  /// Minutes of business hours until the ticket is solved; nil for no target.
  public var resolution: Int?

  /// Targets in minutes of business hours; nil for none.
  public init(first: Int? = nil, next: Int? = nil, resolution: Int? = nil) {
    self.first = first
    self.next = next
    self.resolution = resolution
  }

  /// The longest target that can be set, in minutes of business hours: ten years of a desk that is there day and night. One that
  /// the desk's own hours do not fill within ten years is never due: with `BusinessHours.standard` one of more than about
  /// 1,568,000 minutes. Who writes settings may write any number.
  public static let maximum = 5_256_000

  init(_ value: JSONText) {
    func minutes(_ name: String) -> Int? { value[name]?.int.flatMap { 1...Self.maximum ~= $0 ? $0 : nil } }
    self.init(first: minutes("first"), next: minutes("next"), resolution: minutes("resolution"))
  }

  var value: JSONText {
    let members = [("first", first), ("next", next), ("resolution", resolution)]
    return JSONText(object: members.compactMap { name, minutes in minutes.map { (name, JSONText($0)) } })
  }
}

extension Settings {
  /// When the desk is there.
  public var hours: BusinessHours { value(Vocabulary.hours.text).flatMap { BusinessHours($0) } ?? .standard }

  /// What counts for a channel and priority: the workspace's target for both, else for the channel, else what customers say that
  /// they expect, twice as fast where it is urgent.
  public func target(channel: String, priority: String) -> ResponseTarget {
    if let own = value("\(Vocabulary.targetPrefix)\(channel).\(priority)") { return ResponseTarget(own) }
    if let own = value(Vocabulary.targetPrefix + channel) { return ResponseTarget(own) }
    let standard = Self.targets[channel] ?? ResponseTarget(first: 360, next: 360, resolution: 2400)
    guard priority == "urgent" else { return standard }
    return ResponseTarget(
      first: standard.first.map { max(1, $0 / 2) }, next: standard.next.map { max(1, $0 / 2) },
      resolution: standard.resolution.map { $0 / 2 })
  }

  /// The targets that the workspace set, as `channel` or `channel.priority`, ordered.
  public var ownTargets: [(name: String, target: ResponseTarget)] {
    names(Vocabulary.targetPrefix).compactMap { name in
      value(Vocabulary.targetPrefix + name).map { (name, ResponseTarget($0)) }
    }
  }

  /// Phone 5 minutes, live chat 1, social media an hour, e-mail 6 hours; a ticket within five days of eight hours.
  private static let targets: [String: ResponseTarget] = [
    "phone": ResponseTarget(first: 5, next: 60, resolution: 2400),
    "chat": ResponseTarget(first: 1, next: 5, resolution: 2400),
    "social": ResponseTarget(first: 60, next: 60, resolution: 2400),
    "message": ResponseTarget(first: 60, next: 60, resolution: 2400),
    "sms": ResponseTarget(first: 60, next: 60, resolution: 2400),
    "email": ResponseTarget(first: 360, next: 360, resolution: 2400),
    "web": ResponseTarget(first: 360, next: 360, resolution: 2400),
    "visit": ResponseTarget(first: 5, next: 60, resolution: 2400),
  ]
}
