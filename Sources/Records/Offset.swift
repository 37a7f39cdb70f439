/// A record's place in the log: dense, from 0, never reused. Order is by offset, never by clock.
package typealias Offset = Int64
