import Glibc

/// Dates as they stand in header fields: `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
  private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The date of a time in seconds since 1970, UTC.
  package static func text(_ seconds: Int) -> String {
    String(decoding: bytes(seconds), as: UTF8.self)
  }

  static func bytes(_ seconds: Int) -> [UInt8] {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var result: [UInt8] = []
    result.reserveCapacity(29)
    func append(_ text: StaticString) { text.withUTF8Buffer { result.append(contentsOf: $0) } }
    func append(_ number: Int32, digits: Int) {
      let text = String(number)
      for _ in 0..<max(0, digits - text.utf8.count) { result.append(UInt8(ascii: "0")) }
      result.append(contentsOf: text.utf8)
    }
    append(days[Int(parts.tm_wday)])
    append(", ")
    append(parts.tm_mday, digits: 2)
    append(" ")
    append(months[Int(parts.tm_mon)])
    append(" ")
    append(parts.tm_year + 1900, digits: 4)
    append(" ")
    append(parts.tm_hour, digits: 2)
    append(":")
    append(parts.tm_min, digits: 2)
    append(":")
    append(parts.tm_sec, digits: 2)
    append(" GMT")
    return result
  }
}

/// The clocks of the module.
enum Clock {
  /// Milliseconds of a clock that never jumps.
  static func milliseconds() -> Int64 { nanoseconds() / 1_000_000 }

  /// Nanoseconds of a clock that never jumps.
  static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Seconds since 1970.
  static func wallSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec
  }
}
