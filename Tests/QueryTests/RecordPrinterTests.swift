import Bytes
import Query
import Records
import Testing

struct RecordPrinterTests {
  private func record(_ topic: String, _ payload: [UInt8]) -> OwnedRecord {
    OwnedRecord(
      offset: 7, timestamp: Timestamp(milliseconds: 1_795_419_665_250), topic: Array(topic.utf8), payload: payload)
  }

  private func line(_ format: OutputFormat, columns: Int? = nil, _ topic: String, _ payload: [UInt8]) -> String {
    var writer = ByteWriter()
    let record = record(topic, payload)
    RecordPrinter(format, columns: columns).append(record.view, to: &writer)
    return writer.bytes.text
  }

  private func header(_ format: OutputFormat) -> String {
    var writer = ByteWriter()
    RecordPrinter(format).appendHeader(to: &writer)
    return writer.bytes.text
  }

  @Test func `ndjson is a line a record`() {
    #expect(header(.ndjson) == "")
    #expect(
      line(.ndjson, "a", Array("1".utf8)) == #"{"offset":7,"time":"2026-11-23T07:41:05.250Z","topic":"a","payload":1}"#
        + "\n")
  }

  @Test func `csv has a header and a row a record`() {
    #expect(header(.csv) == "offset,time,topic,source,payload\n")
    #expect(line(.csv, "a", Array("1".utf8)) == "7,2026-11-23T07:41:05.250Z,a,,1\n")
  }

  @Test func `the columns of a table stand below their titles`() throws {
    let titles = header(.table)
    let row = line(.table, "plant/1", Array("21.5".utf8))
    #expect(titles.hasPrefix("TIME  ") && row.hasPrefix("2026-11-23T07:41:05.250Z  plant/1  "))
    for (title, cell) in [("TOPIC", "plant/1"), ("PAYLOAD", "21.5")] {
      let above = try #require(titles.firstRange(of: title)).lowerBound
      let below = try #require(row.firstRange(of: cell)).lowerBound
      #expect(titles.distance(from: titles.startIndex, to: above) == row.distance(from: row.startIndex, to: below))
    }
  }

  @Test(arguments: [("plant/1", 1000), (String(repeating: "t", count: 200), 1000), ("é", 70), ("a", 3)])
  func `a line of a table fits the terminal`(topic: String, payloadBytes: Int) {
    for columns in [80, 100, 200] {
      let text = line(.table, columns: columns, topic, [UInt8](repeating: UInt8(ascii: "x"), count: payloadBytes))
      #expect(text.dropLast().count <= columns, "\(columns) columns")
      #expect(text.last == "\n")
    }
  }

  @Test func `nothing a device sends reaches the terminal as a command`() {
    let text = line(.table, "a", Array("\u{1B}[2J\r\nb\t\u{7F}\u{9B}".utf8))
    #expect(text.dropLast().unicodeScalars.allSatisfy { $0.value >= 32 && !(127..<160).contains($0.value) })
    #expect(line(.table, "a", [0xFF, 0x00]).contains("(2 bytes, not text)"))
  }
}
