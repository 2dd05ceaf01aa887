import Agent
import Codec
import Glibc
import Server

/// Runs a server.
enum ServeCommand {
  private static let listen = Option.value(
    "listen", "HOST:PORT", "where to take requests (default: 127.0.0.1:8080; port 0 picks a free one)")
  private static let quiet = Option.flag("quiet", short: "q", "do not log requests")

  static let command = Command(
    "serve", "Run a server for workspaces, until SIGTERM or Ctrl-C",
    details: [
      "Prints its address on standard output once it takes requests, and a JSON line on standard error for each "
        + "request and each trouble. Whoever reads these holds nobody up: of too many that wait the newest are left out, and the "
        + "next one says as 'dropped' how many were. The data folder has to be there. It speaks HTTP and listens on this machine only unless told otherwise: put a "
        + "proxy such as Caddy or nginx in front of it for TLS."
    ],
    options: [DataFolder.option, listen, quiet],
    examples: [
      .init("Behind a proxy", "askonce serve --data /var/lib/askonce --listen 127.0.0.1:8080 2>> access.log"),
      .init("On a free port, for a test", "askonce serve --data data --listen 127.0.0.1:0 --quiet"),
    ]
  ) { typed in
    let folder = DataFolder.path(typed)
    let address = typed[listen] ?? "127.0.0.1:8080"
    let isQuiet = typed.has(quiet)
    return { context in
      let path = try folder(context)
      try DataFolder.requirePresent(path)
      let options = Serving.Options(
        folder: path, listen: address, now: context.system.now, random: context.system.random)
      try Serving.run(options) { address in
        if context.isJSON {
          context.output.json([("address", JSONText(address)), ("pid", JSONText(Int(getpid())))])
        } else {
          context.output.line("listening on \(address)")
        }
        context.output.flush()
      } log: { line in
        // A trouble is always told; so is a request, unless nobody wants to hear of them.
        if !isQuiet || !line.contains("\"method\":") {
          _ = Terminal.write(Array((line + "\n").utf8), to: STDERR_FILENO)
        }
      }
      return .ok
    }
  }
}
