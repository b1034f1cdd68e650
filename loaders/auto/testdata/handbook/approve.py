def approve(amount):
    return amount > 50
