"""Doc: def no(): pass"""
import os

# About f.
@deco(
    a=1,
)
def f(x, y=("(",)):
    """def inner():
no indent here
    """
    def helper():
        pass
    return x


class A(Base):
    x = {
        'a': 1}

    # Says.
    async def say(self):
        return '''
class No:
'''

    class Inner:
        def go(self): pass

    @property
    def last(self):
        return 1
        # trailing

if __name__ == "__main__":
    f(1)
