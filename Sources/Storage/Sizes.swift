/// The sizes at which files are closed, joined and merged, and messages cut. Tests use small ones, so that little
/// data goes all ways.
package struct Sizes: Sendable {
  /// A file of own changes of at least this many bytes is not appended to any more, so that opening a store reads
  /// no more than this plus what is unsent.
  package var ownFile = 256 << 10
  /// A file of own changes with more bytes than this is not sealed. Only versions that wrote a batch of any size into one file
  /// made such files, and they inflate no more than this.
  package var ownSealed = 64 << 20
  /// A file of own changes grows in steps of so many bytes, the last one filled up with spaces: a change that goes into the
  /// room that is left need not wait until the disk has the file's new size. A page, so that such a change lies in one.
  package var ownStep = 4096
  /// The number of changes behind an agent's runs at which compaction makes a run of them.
  ///
  /// All of them are read whenever the store is opened, and a small run is soon merged into others.
  package var agentRun = 1024
  /// How many changes the server's log must hold beyond the runs before a run is made of them.
  package var serverRun: UInt64 = 8192
  /// A segment of the server's log of this size is not appended to any more, in bytes.
  package var segment = 16 << 20
  /// A segment with this many members is not appended to any more, so that its small ones can be joined.
  package var segmentMembers = 4096
  /// A full segment with more members than this, small ones on average, is joined.
  package var joinAbove = 64
  /// Small members are joined until their text has about this size, in bytes.
  package var joined = 128 << 10
  /// The most text that one push carries, in bytes of bodies.
  package var push = 2 << 20
  /// The most bytes of members that an agent asks for at once.
  package var pull = 1 << 20
  /// The most bytes of a run that an agent asks for at once.
  package var runPiece = 4 << 20

  package static let standard = Sizes()

  package init() {}
}
