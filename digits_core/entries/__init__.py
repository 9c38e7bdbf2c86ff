"""What a config chooses from: optimizers, losses, schedules and augmentations, an entry each.

An entry has its words, its build function and its code for the exported script. Forms, shell, filters, tables, sweeps
and exports read it, so a new one is added here and nowhere else. To add an optimizer, a loss or a schedule, write its
entry in that module's table; to add an augmentation, add a module to `augmentations`.
"""
