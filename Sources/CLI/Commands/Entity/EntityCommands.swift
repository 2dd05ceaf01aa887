/// Commands for entities of any type and fields of any name.
enum EntityCommands {
  static let group = CommandGroup(
    "entity", "Read and edit anything, of any type and with any field",
    [
      EntityNew.command, EntityShow.command, EntitySet.command, EntityAdd.command, EntityDrop.command,
      EntityLog.command, EntityCount.command,
    ])

  static let entity = Operand("ENTITY", "its id, the start of its id, or its number from another system")
  static let field = Operand("FIELD", "the field's name, such as 'status' or 'fact.shoe_size'")
}
