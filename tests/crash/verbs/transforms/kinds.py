def transform(values, settings):
    return {'mark': settings['mark']}
