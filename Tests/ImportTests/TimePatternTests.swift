import Causality
import Import
import Testing

@Suite struct TimePatternTests {
  @Test(arguments: [
    ("d/M/yyyy HH:mm", "29/2/2016 01:16", "2016-02-29T01:16:00.000Z"),
    ("d/M/yyyy HH:mm", "29/02/2016 01:16", "2016-02-29T01:16:00.000Z"),
    ("yyyy/MM/dd HH:mm:ss.SSS", "2012/10/09 14:50:17.004", "2012-10-09T14:50:17.004Z"),
    ("yyyyMMdd", "20121009", "2012-10-09T00:00:00.000Z"),
    ("M/d/yyyy h:mm a", "3/14/2016 12:05 PM", "2016-03-14T12:05:00.000Z"),
    ("M/d/yyyy hh:mm a", "3/14/2016 12:05 am", "2016-03-14T00:05:00.000Z"),
    ("iso", "2016-02-29", "2016-02-29T00:00:00.000Z"),
    ("iso", "2016-02-29T01:16", "2016-02-29T01:16:00.000Z"),
    ("iso", "2016-02-29 01:16:05.25", "2016-02-29T01:16:05.250Z"),
    ("iso", "2016-02-29T01:16:05.1234567Z", "2016-02-29T01:16:05.123Z"),
    ("iso", "2016-02-29T01:16:05+02:00", "2016-02-28T23:16:05.000Z"),
    ("iso", "2016-02-29T01:16:05-0330", "2016-02-29T04:46:05.000Z"),
    ("iso", "2016-02-29T01:16:05+02", "2016-02-28T23:16:05.000Z"),
    ("epoch", "1589375241", "2020-05-13T13:07:21.000Z"),
    ("epoch", "1589375241.5", "2020-05-13T13:07:21.500Z"),
    ("epoch-ms", "1589375241123", "2020-05-13T13:07:21.123Z"),
  ]) func reads(pattern: String, text: String, time: String) throws {
    let pattern = try #require(TimePattern(pattern))
    #expect(pattern.time(Array(text.utf8)[...])?.description == time)
  }

  @Test(arguments: [
    ("d/M/yyyy HH:mm", "30/2/2016 01:16"), ("d/M/yyyy HH:mm", "29/2/2015 01:16"),
    ("d/M/yyyy HH:mm", "29/2/2016 1:16"),
    ("d/M/yyyy HH:mm", "29/2/2016 24:00"), ("d/M/yyyy HH:mm", "29/2/2016 01:16 "),
    ("d/M/yyyy HH:mm", "29/2/16 01:16"),
    ("d/M/yyyy HH:mm", "1/1/1969 01:16"), ("d/M/yyyy HH:mm", ""), ("dd/MM/yyyy", "1/2/2016"),
    ("M/d/yyyy h:mm a", "3/14/2016 13:05 PM"), ("iso", "2016-02-29T"), ("iso", "2016-2-29"),
    ("iso", "2016-02-29T01:16x"),
    ("iso", "1970-01-01T00:00+01:00"), ("epoch", "-1"), ("epoch", ""), ("epoch", "1e9"),
    ("epoch", "999999999999999"),
  ]) func refuses(pattern: String, text: String) throws {
    let pattern = try #require(TimePattern(pattern))
    #expect(pattern.time(Array(text.utf8)[...]) == nil)
  }

  @Test(arguments: ["", "HH:mm", "yy", "d/m/yyyy", "yyyy-MMM", "QQ yyyy", "ISO"]) func noPattern(text: String)
  {
    #expect(TimePattern(text) == nil)
  }
}
