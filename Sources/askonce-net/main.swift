import CLI
import URLTransport

CLI.main { server in try URLTransport(server) }
