"""Where does one record end and the next begin, and which values does each hold? One file a way of cutting."""
