"""Everything that makes the models of the zoo: data, training, export, publishing."""
