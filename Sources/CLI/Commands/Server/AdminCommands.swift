/// Commands for the operator of a server. They work beside a running one.
enum AdminCommands {
  static let group = CommandGroup(
    "admin", "Look after a server's workspaces, devices and backups",
    [
      AdminWorkspace.create, AdminWorkspace.list, AdminInvite.command, AdminDevices.command,
      AdminRevoke.command,
      AdminBackup.command, AdminVerify.command,
    ])
}
