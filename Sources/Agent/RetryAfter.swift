import Causality

/// How long a server or a proxy asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3).
enum RetryAfter {
  /// Seconds from now on; nil where an answer does not say, or not in a form that is known.
  ///
  /// A date counts from the answer's own `Date`, so that this device's clock does not matter.
  /// - Parameter fields: an answer's, names in lower case.
  static func seconds(_ fields: [String: String]) -> Int? {
    guard let text = fields["retry-after"] else { return nil }
    if let seconds = Int(text), seconds >= 0, text.first != "+" { return seconds }
    guard let until = milliseconds(text), let now = fields["date"].flatMap(milliseconds) else { return nil }
    return until > now ? Int((until - now + 999) / 1000) : 0
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent, since 1970.
  private static func milliseconds(_ date: String) -> UInt64? {
    let parts = date.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].last == ",", parts[5] == "GMT",
      let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return HybridTime("\(parts[3])-\(number)-\(parts[1])T\(parts[4]).000Z")?.milliseconds
  }
}
