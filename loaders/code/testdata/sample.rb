module A
  # A dog.
  class Dog < Animal
    attr_reader :x
    def initialize(x)
      @x = x
      if x
        y
      end
    end

    def self.make; new(1) end
    def bark?
      [1].each do |i|
        puts i
      end
    end
  end
end
