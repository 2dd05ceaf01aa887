import Causality
import Glibc

/// Times as a person reads them. JSON has them as `HybridTime` writes them.
package enum Moment {
  /// `2026-11-21 18:21` in the device's time zone.
  package static func local(_ time: HybridTime) -> String { local(time.milliseconds) }

  package static func local(_ milliseconds: UInt64) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return "" }
    func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(pad(parts.tm_mon + 1))-\(pad(parts.tm_mday)) "
      + "\(pad(parts.tm_hour)):\(pad(parts.tm_min))"
  }

  /// How long ago: `3 minutes ago`; `in 2 days` for what lies ahead.
  package static func ago(_ milliseconds: UInt64, now: UInt64) -> String {
    milliseconds > now + 60_000
      ? "in \(span(milliseconds - now))"
      : now < milliseconds + 10_000 ? "just now" : "\(span(now - milliseconds)) ago"
  }

  /// A length of time in its largest whole unit: `3 minutes`.
  package static func span(_ milliseconds: UInt64) -> String {
    let seconds = milliseconds / 1000
    let (count, unit) =
      switch seconds {
      case ..<60: (seconds, "second")
      case ..<3600: (seconds / 60, "minute")
      case ..<172_800: (seconds / 3600, "hour")
      default: (seconds / 86_400, "day")
      }
    return Words.count(Int(count), unit)
  }
}

/// Numbers with their words.
package enum Words {
  /// `1 change`, `1,234 changes`.
  package static func count(_ number: Int, _ word: String, _ plural: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? word : plural ?? word + "s")"
  }

  /// `1,234,567`.
  package static func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
  }

  /// `17 bytes`, `1.2 kB`, `3.4 MB`: powers of ten.
  package static func bytes(_ count: Int) -> String {
    guard count >= 1000 else { return self.count(count, "byte") }
    var value = Double(count)
    var unit = 0
    while value >= 999.95, unit < 4 {
      value /= 1000
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(["bytes", "kB", "MB", "GB", "TB"][unit])"
  }
}
