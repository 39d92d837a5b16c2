"""`leadsync doctor`: what works, what does not, what to do. One file a concern.

`examination` says in which order; `checks` is what each comes to. A check that looks does so in one function, and
judges what it saw in another that is pure. Nothing is bought, nothing is made that was not there before; the one
call to each vendor is the free look-up of what is left.
"""
