/// The options that every command takes.
package enum Common {
  package static let store = Option.value(
    "store", "DIR", "the store's folder (default: $ASKONCE_STORE, else the platform's data folder)")
  package static let json = Option.flag("json", "print JSON")
  package static let help = Option.flag("help", short: "h", "show this help")

  package static let all = [store, json, help]
}
