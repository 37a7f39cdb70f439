import Bytes
import Records
import Testing

struct RecordJSONTests {
  private func json(_ record: OwnedRecord) -> String {
    var writer = ByteWriter()
    RecordJSON.append(record.view, to: &writer)
    return writer.bytes.text
  }

  private func payload(_ bytes: [UInt8]) -> String {
    var writer = ByteWriter()
    RecordJSON.appendPayload(bytes.span.bytes, to: &writer)
    return writer.bytes.text
  }

  private func record(
    topic: [UInt8] = Array("plant/1".utf8), payload: String, headers: [(String, String)] = []
  ) -> OwnedRecord {
    var encoded = RecordHeaders()
    for (key, value) in headers { encoded.add(key, value) }
    return OwnedRecord(
      offset: 7, timestamp: Timestamp(milliseconds: 1_795_419_665_250), topic: topic, payload: Array(payload.utf8),
      headerCount: encoded.count, headerBytes: encoded.bytes)
  }

  @Test func `a record is one object with its payload as it came`() {
    let text = json(record(payload: "{\"temp\" :21.50}", headers: [("retain", "1"), ("source", "mqtt:pump \"a\"")]))
    #expect(
      text == #"{"offset":7,"time":"2026-11-23T07:41:05.250Z","topic":"plant/1","source":"mqtt:pump \"a\"","#
        + #""payload":{"temp" :21.50}}"#)
  }

  @Test func `a record without a source says nothing about it`() {
    #expect(
      json(record(payload: "on"))
        == #"{"offset":7,"time":"2026-11-23T07:41:05.250Z","topic":"plant/1","payload":"on"}"#)
  }

  @Test func `a dead letter says why and which record it was`() {
    let headers = [("reason", "no\nsensor"), ("attempts", "8"), ("offset", "3"), ("topic", "a/b"), ("source", "udp:x")]
    let letter = record(topic: Array("$forebay/dead-letter/siren".utf8), payload: "1", headers: headers)
    #expect(
      json(letter) == #"{"offset":7,"time":"2026-11-23T07:41:05.250Z","topic":"$forebay/dead-letter/siren","#
        + #""source":"udp:x","reason":"no\nsensor","attempts":8,"originalTopic":"a/b","originalOffset":3,"payload":1}"#)
  }

  @Test func `headers of a dead letter mean nothing on other records`() {
    #expect(!json(record(payload: "1", headers: [("reason", "x")])).contains("reason"))
  }

  @Test func `a topic that is not UTF-8 does not break the line`() {
    #expect(json(record(topic: [0x61, 0xFF], payload: "1")).contains(#""topic":"a\#u{FFFD}""#))
  }

  @Test(arguments: [
    ("a number", "21.5", "21.5"),
    ("true", "true", "true"),
    ("a string", #""on""#, #""on""#),
    ("white space around it", " 1 ", " 1 "),
    ("newlines between parts", "{\r\n \"a\":\n1}\n", "{   \"a\": 1} "),
    ("an escaped newline", #""a\nb""#, #""a\nb""#),
    ("text", "hello", #""hello""#),
    ("text with a newline", "a\nb", #""a\nb""#),
    ("nothing", "", #""""#),
    ("two values", "1 2", #""1 2""#),
  ])
  func `a payload is itself where it is JSON and a string where it is text`(name: String, text: String, result: String)
  {
    #expect(payload(Array(text.utf8)) == result, "\(name)")
  }

  @Test func `a payload that is not text is Base64`() {
    #expect(payload([0xFF, 0x00]) == #"{"base64":"/wA="}"#)
    #expect(payload([0x22, 0xC3, 0x22]) == #"{"base64":"IsMi"}"#)
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `Base64 as RFC 4648 section 10 has it`(plain: String, text: String) {
    var writer = ByteWriter()
    Base64.append(Array(plain.utf8).span.bytes, to: &writer)
    #expect(writer.bytes.text == text)
  }

  @Test func `a CSV row quotes what needs it`() {
    var writer = ByteWriter()
    RecordCSV.append(record(payload: "{\"a\": 1, \"b\": 2}", headers: [("source", "mqtt:a,b")]).view, to: &writer)
    #expect(
      writer.bytes.text == #"7,2026-11-23T07:41:05.250Z,plant/1,"mqtt:a,b","{""a"": 1, ""b"": 2}""#)
    writer.removeAll()
    RecordCSV.append(record(payload: "on\noff").view, to: &writer)
    #expect(writer.bytes.text == "7,2026-11-23T07:41:05.250Z,plant/1,,\"on\noff\"")
    writer.removeAll()
    var binary = record(payload: "")
    binary.payload = [0xFF, 0x00]
    RecordCSV.append(binary.view, to: &writer)
    #expect(writer.bytes.text == "7,2026-11-23T07:41:05.250Z,plant/1,,base64:/wA=")
  }
}
