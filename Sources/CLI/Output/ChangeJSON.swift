import Codec
import Merge

/// A change as `--json` shows it: its canonical line.
package enum ChangeJSON {
  package static func value(_ change: Change) -> JSONText {
    JSONText(unchecked: ChangeLine.bytes(change))
  }
}
