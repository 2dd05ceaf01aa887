import CLI

CLI.main { server in try URLTransport(server) }
